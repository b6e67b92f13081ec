"""Many products in one process: what is requested once for all, and what each of them costs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from time import sleep

from pipeline.ingest.catalogue import fetch as fetch_module
from pipeline.ingest.catalogue.fetch import FetchTask, fetch
from tests.ingest.catalogue.builders import config_for, optical_product, write_bands
from tests.ingest.catalogue.test_optical import AOI


def test_products_of_one_container_share_a_token_and_each_counts_its_own_requests(site, tmp_path, monkeypatch):
    """The Planetary Computer's token service answers 429 after few requests (its issues 191, 415 and 457). Of four
    products fetched at once each reports only its own requests."""
    site.locked, site.latency_s = "/account/", 0.01
    made = fetch_module.service_of
    monkeypatch.setattr(fetch_module, "service_of", lambda *told: sleep(0.05) or made(*told))  # all start in that time
    service = {"api": site.url, "tokens": f"{site.url}/sas/token", "storage": site.url}
    config = config_for(site.url, sentinel2="planetary-computer", services={"planetary-computer": service})
    folder = write_bands(site.root / "account/box/bands")
    one = optical_product(folder, f"{site.url}/account/box", "planetary-computer")
    tasks = [FetchTask(replace(one, item_id=f"pass {n}"), AOI, config, tmp_path / "cache") for n in range(8)]
    with ThreadPoolExecutor(4) as workers:
        results = list(workers.map(fetch, tasks))
    assert [r.cause for r in results] == [""] * 8
    assert len(site.asked("/sas/token")) == 1
    assert sum(r.requests for r in results) == len(site.log)
