"""Imports on the console: a file goes up, its columns are guessed and confirmed, it runs, and tells what it left out."""

import io
from pathlib import Path

import httpx
import openpyxl
import pytest

from shuke.doors import setup
from shuke.doors.context import Context
from shuke.kit import clock
from shuke.kit.db import Database
from shuke.programs.imports import jobs
from tests.conftest import signed_in

API = "/console/api/imports"
TEXT = "单号,时间,会员号,门店,货号,数量,实付\nA,2026-01-01 10:00,m1,s1,X,1,10.00\nB,2026-01-02,m2,s1,X,1,?\n"


async def _upload(
    client: httpx.AsyncClient, text: str = TEXT, kind: str = "orders", name: str = "一月.csv"
) -> httpx.Response:
    return await client.post(API, files={"file": (name, text.encode())}, data={"kind": kind})


async def test_a_file_goes_up_runs_and_tells_what_it_left_out(
    owner: httpx.AsyncClient, database: Database, merchant_id: int, context: Context
) -> None:
    answer = await _upload(owner)
    assert answer.status_code == 201, answer.text
    draft = answer.json()
    assert draft["columns"] == ["单号", "时间", "会员号", "门店", "货号", "数量", "实付"]
    assert draft["guess"]["order_id"] == {"from": "单号", "type": None}
    assert draft["preview"][0]["实付"] == "10.00"
    assert (draft["missing"], draft["further"]) == ([], False)
    assert {"name": "amount", "label": {"zh": "实付金额", "en": "Amount"}, "required": True, "type": "fen"} in draft[
        "fields"
    ]

    path = f"{API}/{draft['import_id']}"
    waiting = (await owner.get(path)).json()
    assert (waiting["state"], waiting["guess"]) == ("mapping", draft["guess"])
    started = await owner.post(f"{path}/start", json={"mapping": draft["guess"]})
    assert (started.status_code, started.json()["state"]) == (200, "running")
    assert (await owner.get(f"{path}/rejected")).json()["code"] == "nothing_rejected"

    assert await jobs.run_imports(database, merchant_id) is None
    done = (await owner.get(path)).json()
    assert {name: done[name] for name in ("state", "read", "accepted", "duplicates", "rejected", "error")} == {
        "state": "done", "read": 2, "accepted": 1, "duplicates": 0, "rejected": 1, "error": None,
    }  # fmt: skip
    rejected = await owner.get(f"{path}/rejected")
    assert "filename*=UTF-8''%E4%B8%80%E6%9C%88-rejected.csv" in rejected.headers["content-disposition"]
    assert rejected.content.decode("utf-8-sig").splitlines()[1].startswith("3,amount,“?”不是金额")
    listed = (await owner.get(API)).json()["items"]
    assert [one["import_id"] for one in listed] == [draft["import_id"]]
    kept = [
        found.name for found in (context.settings.home / "imports" / str(merchant_id)).rglob("*") if found.is_file()
    ]
    assert sorted(kept) == ["lock", "rejected.csv"]


async def test_what_a_person_leaves_out_is_left_out(
    owner: httpx.AsyncClient, database: Database, merchant_id: int
) -> None:
    draft = (await _upload(owner, "会员号,手机,城市,年龄\nm1,13800138000,上海,33\n", "members", "m.csv")).json()
    assert draft["further"] is True
    assert draft["guess"]["年龄"] == {"from": "年龄", "type": "integer"}
    mapping = {"member_id": {"from": "会员号"}, "年龄": {"from": "年龄", "type": "number"}}
    assert (await owner.post(f"{API}/{draft['import_id']}/start", json={"mapping": mapping})).status_code == 200
    await jobs.run_imports(database, merchant_id)
    async with database.read(merchant_id) as tx:
        row = await tx.one("select phone, attributes from member where merchant_id = %(merchant_id)s")
    assert tuple(row) == (None, {"年龄": 33.0})


async def test_refusals(owner: httpx.AsyncClient) -> None:
    assert (await _upload(owner, "", name="x.csv")).json()["code"] == "unreadable_file"
    assert (await _upload(owner, "x", name="x.doc")).json()["code"] == "unreadable_file"
    assert (await _upload(owner, TEXT, kind="nonsense")).status_code == 400
    draft = (await _upload(owner, name="../../etc/passwd.csv")).json()
    path = f"{API}/{draft['import_id']}"
    assert (await owner.get(path)).json()["file_name"] == "passwd.csv"
    for mapping, field in (
        ({"order_id": {"from": "单号"}}, "occurred_at"),
        ({"order_id": {"from": "没有"}}, "order_id"),
    ):
        refused = await owner.post(f"{path}/start", json={"mapping": mapping})
        assert (refused.status_code, refused.json()["code"], refused.json()["field"]) == (422, "bad_mapping", field)
    cancelled = await owner.post(f"{path}/cancel")
    assert cancelled.json()["state"] == "cancelled"
    again = await owner.post(f"{path}/start", json={"mapping": draft["guess"]})
    assert (again.status_code, again.json()["code"]) == (409, "import_not_open")
    assert (await owner.get(f"{API}/999999")).status_code == 404


async def test_another_merchants_import_is_not_there(
    owner: httpx.AsyncClient, app: object, database: Database, merchant_id: int
) -> None:
    draft = (await _upload(owner)).json()
    other = await setup.create_merchant(
        database, slug=f"import-other-{merchant_id}", name="别家", zone="Asia/Shanghai", at=clock.now()
    )
    stranger = await signed_in(app, database, other, ("owner", None))
    path = f"{API}/{draft['import_id']}"
    for call in (
        stranger.get(path), stranger.post(f"{path}/cancel"), stranger.get(f"{path}/rejected"),
        stranger.post(f"{path}/start", json={"mapping": draft["guess"]}),
    ):  # fmt: skip
        assert (await call).status_code == 404


@pytest.mark.parametrize("kind", ["orders", "members", "products", "events", "refunds"])
async def test_templates(owner: httpx.AsyncClient, kind: str, tmp_path: Path) -> None:
    for form in ("csv", "xlsx", "jsonl"):
        answer = await owner.get(f"{API}/template", params={"kind": kind, "format": form})
        assert answer.status_code == 200
        assert f'filename="shuke-{kind}.{form}"' in answer.headers["content-disposition"]
        if form == "xlsx":
            assert openpyxl.load_workbook(io.BytesIO(answer.content)).active.max_row == 2
        up = await owner.post(API, files={"file": (f"t.{form}", answer.content)}, data={"kind": kind})
        assert up.json()["missing"] == []


@pytest.mark.parametrize(
    "header", ["external", "customer_id", "user_id", "会员编号", "客户编号", "openid", "Customer No."]
)
async def test_the_usual_names_of_a_customers_number_are_known(owner: httpx.AsyncClient, header: str) -> None:
    draft = (await _upload(owner, TEXT.replace("会员号", header))).json()
    assert draft["guess"]["member_id"] == {"from": header, "type": None}


async def test_orders_without_a_member_are_counted(
    owner: httpx.AsyncClient, database: Database, merchant_id: int
) -> None:
    text = "单号,时间,会员号,实付\nA,2026-01-01 10:00,m1,10.00\nB,2026-01-02 10:00,,20.00\nC,2026-01-03 10:00,,30.00\n"
    for mapped, expected in ((True, 2), (False, 1)):  # the second time B and C are known already
        draft = (await _upload(owner, text if mapped else text.replace(",m1,", ",,").replace("\nA", "\nD"))).json()
        path = f"{API}/{draft['import_id']}"
        mapping = {name: take for name, take in draft["guess"].items() if mapped or name != "member_id"}
        await owner.post(f"{path}/start", json={"mapping": mapping})
        await jobs.run_imports(database, merchant_id)
        done = (await owner.get(path)).json()
        assert (done["state"], done["memberless"]) == ("done", expected)
