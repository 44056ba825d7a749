"""A deployment's own name and colours: only what can be read is taken."""

import pytest

from infra.process.branding import DARK, LIGHT, Branding, contrast, readable_color


def test_contrast_is_that_of_the_guidelines() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    assert contrast("#ffffff", "#ffffff") == pytest.approx(1)


@pytest.mark.parametrize(("color", "page"), [("#1A56B0", LIGHT), ("#8ab4f8", DARK)])
def test_takes_a_colour_that_can_be_read(color: str, page: str) -> None:
    assert readable_color(color, page) == color.lower()


@pytest.mark.parametrize(
    ("color", "page"),
    [("#8ab4f8", LIGHT), ("#1a56b0", DARK), ("blue", LIGHT), ("#12345", LIGHT), ("#1a56b0;}", LIGHT)],
    ids=["too light", "too dark", "a word", "too short", "more than a colour"],
)
def test_refuses_a_colour_that_is(color: str, page: str) -> None:
    with pytest.raises(ValueError):
        readable_color(color, page)


def test_the_colours_are_all_that_a_deployment_adds_to_the_stylesheet() -> None:
    assert Branding("An API", "#112233", "#ddeeff").css == (
        ":root{--page:#ffffff;--accent:#112233}\n"
        "@media (prefers-color-scheme:dark){:root{--page:#1c2022;--accent:#ddeeff}}\n"
    )
