"""Some records to look at: a small sales team's companies, people, deals and what was said and is to be done.

Owns the demo records, made from the business's own users and the clock, the same each time but for the dates. Pure; it
must not know how they are written.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.field_types import Value
from sandbox.records import Record

HOUR_MS = 3_600_000
CONTACTS_EACH = 30
DEALS_EACH = 14

COMPANIES = (
    ("Northwind Ltd", "northwind.example", "Logistics", 240, "Bristol", "GB"),
    ("Halden Marine", "halden-marine.example", "Shipping", 85, "Oslo", "NO"),
    ("Tessellate Studio", "tessellate.example", "Design", 12, "Lisbon", "PT"),
    ("Quarry Lane Foods", "quarrylane.example", "Food", 430, "Leeds", "GB"),
    ("Österberg Bygg", "osterberg.example", "Construction", 61, "Malmö", "SE"),
    ("Blue Fern Clinics", "bluefern.example", "Health", 1200, "Dublin", "IE"),
)
FIRST_NAMES = ("Ada", "Bruno", "Chloé", "Dmitri", "Esther", "Farid", "Greta", "Hugo", "Ines", "Jonas")
LAST_NAMES = ("Okafor", "de Vries", "Ångström", "Marchetti", "Hall", "Novak")
JOBS = ("Head of Operations", "Buyer", "Founder", "Office Manager")
SOURCES = ("webinar", "referral", "website")
TAGS: tuple[list[str], ...] = (["VIP", "newsletter"], [], ["newsletter"], ["Partner"])
# Name, whether it is the default, stages with their chance of winning.
PIPELINES = (
    ("Sales", 1, (("Qualified", 20), ("Proposal", 40), ("Negotiation", 75), ("Contract", 90))),
    ("Partners", 0, (("Introduced", 10), ("In talks", 50), ("Signed", 95))),
)
DEAL_TITLES = ("fleet renewal", "pilot", "yearly licence", "onboarding", "extension")
LOST_REASONS = ("Price", "No budget this year", "Chose a competitor")
TASKS = (
    ("Send renewal quote", "email", 3),
    ("Call back about the contract", "call", 2),
    ("Prepare the demo", "todo", 2),
    ("Quarterly review", "meeting", 1),
)
NOTES = (
    "Prefers a call before 10:00.\nBudget holder is the CFO.",
    "Wants the data kept in the EU.",
    "Met at the trade fair; interested in the pilot.",
)
ACTIVITIES = (
    ("call", 1, "Asked about prices", 240_000, "connected"),
    ("call", 2, "Renewal call", 540_000, "no_answer"),
    ("email", 2, "Sent the proposal", None, None),
    ("meeting", None, "Kick-off", 3_600_000, "completed"),
    ("sms", 1, "Confirmed the date", None, None),
)
GRADES = (("gold", "Gold"), ("silver", "Silver"), ("bronze", "Bronze"))
TOPICS = (("pricing", "Pricing"), ("security", "Security"), ("reporting", "Reporting"))
# Resource, key, label, type, options: every type for each resource that has own fields.
FIELD_DEFS = (
    ("contacts", "loyalty_tier", "Loyalty tier", 7, GRADES),
    ("contacts", "seats", "Seats", 3, ()),
    ("contacts", "interests", "Interests", 8, TOPICS),
    ("contacts", "nickname", "Nickname", 1, ()),
    ("contacts", "background", "Background", 2, ()),
    ("contacts", "newsletter_consent", "Newsletter consent", 4, ()),
    ("contacts", "consent_date", "Consent given on", 5, ()),
    ("contacts", "last_webinar_at", "Last webinar", 6, ()),
    ("contacts", "private_email", "Private e-mail", 9, ()),
    ("contacts", "mobile", "Mobile", 10, ()),
    ("contacts", "profile_url", "Profile", 11, ()),
    ("contacts", "account_manager", "Account manager", 12, ()),
    ("companies", "account_grade", "Account grade", 7, GRADES),
    ("companies", "yearly_spend", "Yearly spend", 3, ()),
    ("companies", "regions", "Regions", 8, (("emea", "EMEA"), ("apac", "APAC"), ("americas", "Americas"))),
    ("companies", "vat_number", "VAT number", 1, ()),
    ("companies", "history", "History", 2, ()),
    ("companies", "is_reference", "Reference customer", 4, ()),
    ("companies", "contract_ends_on", "Contract ends on", 5, ()),
    ("companies", "last_review_at", "Last review", 6, ()),
    ("companies", "billing_email", "Billing e-mail", 9, ()),
    ("companies", "switchboard", "Switchboard", 10, ()),
    ("companies", "support_url", "Support page", 11, ()),
    ("companies", "success_manager", "Success manager", 12, ()),
    ("deals", "channel", "Channel", 7, (("direct", "Direct"), ("partner", "Partner"), ("online", "Online"))),
    ("deals", "discount_percent", "Discount, percent", 3, ()),
    ("deals", "competitors", "Competitors", 8, (("acme", "Acme"), ("globex", "Globex"), ("initech", "Initech"))),
    ("deals", "purchase_order", "Purchase order", 1, ()),
    ("deals", "decision_process", "Decision process", 2, ()),
    ("deals", "is_legal_approved", "Approved by legal", 4, ()),
    ("deals", "go_live_on", "Goes live on", 5, ()),
    ("deals", "demo_at", "Demo", 6, ()),
    ("deals", "invoice_email", "Invoice e-mail", 9, ()),
    ("deals", "invoice_phone", "Invoice phone", 10, ()),
    ("deals", "tender_url", "Tender", 11, ()),
    ("deals", "solution_engineer", "Solution engineer", 12, ()),
)


@dataclass(frozen=True, slots=True)
class Scene:
    """Whose records they are, and when they were made."""

    owners: list[int]
    currency: str
    now_ms: int

    def stamped(self, n: int, age_h: int) -> Record:
        """Owner and stamps of the n-th record of a kind, so many hours old."""
        return {
            "owner_user_id": self.owners[n % len(self.owners)],
            "created_by_user_id": self.owners[n % len(self.owners)],
            **stamps(self.now_ms - age_h * HOUR_MS),
        }


def stamps(at_ms: int) -> Record:
    """The stamps of a record that was made then and not touched since."""
    return {"created_at": at_ms, "updated_at": at_ms, "revision": 1, "is_deleted": 0}


def field_defs(now_ms: int) -> Iterator[Record]:
    """The own fields that each business begins with."""
    for resource, key, label, type_code, options in FIELD_DEFS:
        numbered: Value = [{"id": n + 1, "value": value, "label": name} for n, (value, name) in enumerate(options)]
        row: Record = {"resource": resource, "key": key, "label": label, "type_code": type_code, "options": numbered}
        at_ms = now_ms - 500 * HOUR_MS
        yield {**row, "created_at": at_ms, "updated_at": at_ms, "revision": 1}


def companies(scene: Scene) -> Iterator[Record]:
    """The companies that each business begins with."""
    for n, (name, domain, industry, employees, city, country) in enumerate(COMPANIES):
        yield {
            "name": name,
            "domain": domain,
            "website": f"https://www.{domain}/",
            "industry": industry,
            "employees": employees,
            "address_city": city,
            "address_country": country,
            "tags": [],
            "custom": [],
            **scene.stamped(n, 400 - n),
        }


def contacts(scene: Scene, companies: list[int], tier: int) -> Iterator[Record]:
    """The contacts that each business begins with; some are sparse, as contacts are. `tier`: an own field."""
    for n in range(CONTACTS_EACH):
        first, last = FIRST_NAMES[n % len(FIRST_NAMES)], LAST_NAMES[n % len(LAST_NAMES)]
        domain = COMPANIES[n % len(COMPANIES)][1]
        contact: Record = {
            "first_name": first,
            "last_name": last,
            "email": f"contact{n + 1}@{domain}",
            "lifecycle_code": n % 4 + 1,
            "source": SOURCES[n % len(SOURCES)],
            "dnd": int(n % 11 == 10),
            "company_id": companies[n % len(companies)],
            "tags": TAGS[n % len(TAGS)],
            "custom": [{"field_id": tier, "value": n % 3 + 1}] if n % 2 else [],
            **scene.stamped(n, 360 - 11 * n),
        }
        if n % 3 == 0:
            contact |= {"phone": f"+4420794{60000 + n}", "job_title": JOBS[n % len(JOBS)]}
        if n % 5 == 0:
            contact |= {"external_id": f"erp:{1000 + n}", "birth_date": f"{1960 + n}-03-14"}
        if n % 7 == 6:
            del contact["email"], contact["company_id"]
        yield contact


def deals(scene: Scene, stages: list[Record], companies: list[int], contacts: list[int]) -> Iterator[Record]:
    """Deals in every stage: most are open, some won or lost, one without an amount."""
    for n in range(DEALS_EACH):
        stage, status = stages[n % len(stages)], 1 if n % 3 else n // 3 % 3 + 1
        deal: Record = {
            "title": f"{COMPANIES[n % len(COMPANIES)][0]} {DEAL_TITLES[n % len(DEAL_TITLES)]}",
            "pipeline_id": stage["pipeline_id"],
            "stage_id": stage["id"],
            "status_code": status,
            "expected_close_date": f"2026-{n % 12 + 1:02}-28",
            "company_id": companies[n % len(companies)],
            "contact_ids": [contacts[n], contacts[n + 1]] if n % 2 else [],
            "tags": ["renewal"] if n % 4 == 0 else [],
            "custom": [],
            **scene.stamped(n, 300 - 13 * n),
        }
        deal["stage_entered_at"] = deal["created_at"]
        if n != 5:
            deal |= {"amount_minor": 125_000 * (n + 1), "currency": scene.currency}
        if status != 1:
            deal["closed_at"] = deal["updated_at"] = scene.now_ms - (100 - n) * HOUR_MS
            deal["revision"] = 2
        if status == 3:
            deal["lost_reason"] = LOST_REASONS[n % len(LOST_REASONS)]
        yield deal


def tasks(scene: Scene, contacts: list[int], deals: list[int]) -> Iterator[Record]:
    """Tasks, some done, some overdue."""
    for n in range(12):
        title, kind, priority = TASKS[n % len(TASKS)]
        task: Record = {
            "title": title,
            "task_type": kind,
            "priority_code": priority,
            "is_done": int(n % 4 == 3),
            "due_at": scene.now_ms + (n - 5) * 24 * HOUR_MS,
            "contact_id": contacts[n],
            **scene.stamped(n, 200 - n),
        }
        if n % 2:
            task["deal_id"] = deals[n % len(deals)]
        if task["is_done"]:
            task["completed_at"] = scene.now_ms - n * HOUR_MS
        yield task


def notes(scene: Scene, contacts: list[int], companies: list[int]) -> Iterator[Record]:
    """Notes about people and companies."""
    for n in range(9):
        stamped = scene.stamped(n, 180 - n)
        link: Record = {"contact_id": contacts[n]} if n % 2 else {"company_id": companies[n % len(companies)]}
        yield {
            "body": NOTES[n % len(NOTES)],
            "noted_at": stamped["created_at"],
            "pinned": int(n == 0),
            **link,
            **stamped,
        }


def activities(scene: Scene, contacts: list[int], deals: list[int]) -> Iterator[Record]:
    """Calls, messages and meetings that took place."""
    for n in range(15):
        kind, direction, subject, duration_ms, outcome = ACTIVITIES[n % len(ACTIVITIES)]
        stamped = scene.stamped(n, 170 - 3 * n)
        given = {"direction_code": direction, "duration_ms": duration_ms, "outcome": outcome}
        yield {
            "activity_type": kind,
            "subject": subject,
            "occurred_at": stamped["created_at"],
            **{name: value for name, value in given.items() if value is not None},
            **({"deal_id": deals[n % len(deals)]} if n % 3 else {}),
            "contact_id": contacts[n],
            **stamped,
        }
