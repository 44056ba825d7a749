// Starts the viewer: this version's document, the pasted token on every call that is tried, the reader's own colours.
"use strict";

const place = document.getElementById("reference");
const token = document.getElementById("token");
const night = matchMedia("(prefers-color-scheme: dark)");

const followTheNight = () => document.documentElement.classList.toggle("dark-mode", night.matches);
night.addEventListener("change", followTheNight);
followTheNight();

document.getElementById("try").addEventListener("submit", (event) => event.preventDefault());

// The page around it has its own head, landmarks and choice of version: of the viewer's own there is the rest.
const ours = ({ React: { createElement: h, Fragment, useState } }) => {
  const Layout = ({ getComponent, specSelectors }) => {
    const part = (name) => h(getComponent(name, true));
    if (specSelectors.loadingStatus() === "loading") return h("p", null, "The document is being loaded.");
    return h(
      "div",
      { className: "swagger-ui" },
      h(getComponent("SvgAssets")),
      part("errors"),
      h(getComponent("Markdown", true), { source: specSelectors.info().get("description") }),
      h("h2", { id: "operations" }, "Operations"),
      part("FilterContainer"),
      part("operations"),
    );
  };
  // Most of an operation's twenty answers are problems: a line each, until it is asked for.
  const problemsIn = (answer) => answer.getIn(["content", "application/problem+json", "examples"])?.keySeq().toArray();
  const Folding = ({ Response, props, problems }) => {
    const [open, setOpen] = useState(false);
    const codes = problems.flatMap((code, place) => [place ? " · " : "", h("code", { key: code }, code)]);
    const line = h("button", { type: "button", className: "fold", "aria-expanded": open, onClick: () => setOpen(!open) }, codes);
    return h(
      Fragment,
      null,
      h("tr", { className: "folded" }, h("td", { className: "response-col_status" }, props.code), h("td", null, line)),
      open && h(Response, props),
    );
  };
  return {
    wrapComponents: {
      // Each of twenty answers has the same dozen headers.
      headers: (Headers) => (props) => h("details", null, h("summary", null, "Headers"), h(Headers, props)),
      response: (Response) => (props) => {
        const problems = problemsIn(props.response);
        return problems ? h(Folding, { Response, props, problems }) : h(Response, props);
      },
    },
    components: {
      Layout,
      authorizeOperationBtn: () => null,
      // A link inside a button can be reached by nobody's keyboard.
      DeepLink: ({ text }) => h(Fragment, null, text),
    },
  };
};

// The viewer gives its controls no names, and what scrolls in it no way to be scrolled without a mouse.
const nameOf = (control) =>
  control.closest("[data-param-name]")?.dataset.paramName ||
  control.placeholder ||
  (control.matches("textarea") ? "Request body" : control.closest(".content-type-wrapper") ? "Media type" : "Example");

const makeReachable = () => {
  for (const control of place.querySelectorAll("select, input, textarea")) {
    if (!control.labels.length && !control.ariaLabel) control.ariaLabel = nameOf(control);
  }
  for (const block of place.querySelectorAll("pre")) block.tabIndex = 0;
};
new MutationObserver(makeReachable).observe(place, { childList: true, subtree: true });

SwaggerUIBundle({
  domNode: place,
  url: place.dataset.document,
  validatorUrl: null,
  layout: "Layout",
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  displayRequestDuration: true,
  syntaxHighlight: { theme: "tomorrow-night" },
  presets: [SwaggerUIBundle.presets.apis],
  plugins: [ours],
  requestInterceptor: (request) => {
    const pasted = token.value.trim();
    if (!request.loadSpec && pasted) request.headers.Authorization = `Bearer ${pasted}`;
    return request;
  },
});
