"""`python -m benchmarks.charges`: what one charge costs a process, by our pipelined connection and by redis-py's pool.

Both run the same script on the same Valkey, with as many charges in flight; counted is the CPU time of this process.
Beside them, the same by our client of a cluster.
"""

import argparse
import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.rounds import Measure, in_turns, table
from benchmarks.where import made_with
from contract.rate_plans import SCALE
from infra.stores.rate_limits import Buckets, ValkeyBuckets
from infra.stores.valkey import place
from infra.stores.valkey_cluster import Cluster
from infra.stores.valkey_pipeline import PipelinedClient
from tests.stores.charging import charged
from tests.stores.cluster_process import cluster_at
from tests.stores.redis_py import Valkey
from tests.stores.valkey_process import valkey_at

CHARGES = 4_000
TIMEOUT_S = 5.0
POOLED, PIPELINED = "redis-py, a pool", "ours, one pipelined connection"
CLUSTER = "ours, a cluster of three over TCP"


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.charges", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    chosen = parser.parse_args()
    print(made_with())
    with TemporaryDirectory() as folder, TemporaryDirectory() as cluster_folder:
        async with valkey_at(Path(folder)) as (url, _), cluster_at(Path(cluster_folder)) as nodes:
            cluster = Cluster(place(nodes.url), timeout_s=TIMEOUT_S)
            pooled, pipelined = Valkey(url, timeout_s=TIMEOUT_S), PipelinedClient(url, timeout_s=TIMEOUT_S)
            for in_flight in (1, 16, 64):
                contenders = {
                    POOLED: _round(ValkeyBuckets(pooled), in_flight),
                    PIPELINED: _round(ValkeyBuckets(pipelined), in_flight),
                    CLUSTER: _round(ValkeyBuckets(cluster), in_flight),
                }
                print(f"\n{in_flight} in flight")
                print(table(await in_turns(contenders, rounds=chosen.rounds), base=POOLED))
            await pooled.close()
            await pipelined.close()
            await cluster.close()


def _round(buckets: Buckets, in_flight: int) -> Measure:
    async def measure() -> float:
        families = iter(range(CHARGES))
        began_s = time.process_time()
        await asyncio.gather(*(_caller(buckets, families) for _ in range(in_flight)))
        return (time.process_time() - began_s) / CHARGES * 1e6

    return measure


async def _caller(buckets: Buckets, families: Iterator[int]) -> None:
    """One charge after the other, as long as there are any."""
    for family in families:
        await charged(buckets, f"family{family}", business="biz_x", plan=SCALE, cost=1)


if __name__ == "__main__":
    asyncio.run(main())
