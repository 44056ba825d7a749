"""The first content of an empty database: the directory's businesses, and some records to look at for each.

Owns the demo records. They are made from the business's own users and the clock, the same each time but for the dates.
It must not know requests; a database that has a business already is left as it is.
"""

import time
from collections.abc import Iterator

from sqlalchemy.ext.asyncio import AsyncConnection

from sandbox import records
from sandbox.database import Database, Deadline
from sandbox.directory import Business, Directory, enter, missing_from
from sandbox.kinds import Value
from sandbox.records import Record
from sandbox.statistics import assume
from sandbox.tables import METADATA, TABLES

START_S = 30.0
HOUR_MS = 3_600_000
CONTACTS_EACH = 30

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


async def prepare(database: Database, directory: Directory) -> None:
    """Make the tables, enter the businesses that are missing, and give them their demo records."""
    async with database.preparing(Deadline.after(START_S)) as connection:
        await connection.run_sync(METADATA.create_all)
        if connection.dialect.name == "sqlite":  # PostgreSQL's planner counts by itself
            await connection.run_sync(assume)
        now_ms = time.time_ns() // 1_000_000
        for business in await missing_from(connection, directory):
            await enter(connection, business, now_ms=now_ms)
            await _furnish(connection, business, now_ms)


async def _furnish(connection: AsyncConnection, business: Business, now_ms: int) -> None:
    owners = [person.id for person in business.users if person.active and person.role != "viewer"]
    if not owners:
        return
    companies = [
        (await records.insert(connection, TABLES["companies"], business.id, company))["id"]
        for company in demo_companies(owners, now_ms)
    ]
    for contact in demo_contacts(owners, companies, now_ms):
        await records.insert(connection, TABLES["contacts"], business.id, contact)


def demo_companies(owners: list[int], now_ms: int) -> Iterator[Record]:
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
            **_shared(owners[n % len(owners)], now_ms - (400 - n) * HOUR_MS),
        }


def demo_contacts(owners: list[int], companies: list[Value], now_ms: int) -> Iterator[Record]:
    """The contacts that each business begins with; some are sparse, as contacts are."""
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
            **_shared(owners[n % len(owners)], now_ms - (360 - 11 * n) * HOUR_MS),
        }
        if n % 3 == 0:
            contact |= {"phone": f"+4420794{60000 + n}", "job_title": JOBS[n % len(JOBS)]}
        if n % 5 == 0:
            contact |= {"external_id": f"erp:{1000 + n}", "birth_date": f"{1960 + n}-03-14"}
        if n % 7 == 6:
            del contact["email"], contact["company_id"]
        yield contact


def _shared(owner: int, at_ms: int) -> Record:
    stamps: Record = {"created_at": at_ms, "updated_at": at_ms, "revision": 1, "is_deleted": 0}
    return {"owner_user_id": owner, "created_by_user_id": owner, **stamps}
