"""The same calls as `goods upload` of a store makes for N products, with aiohttp: an addition and then a reading of each, AT_ONCE at a time.

    cargo bench --bench store -- serve            prints the address of a server
    python3 benches/peer_store.py ADDRESS N AT_ONCE
"""

import asyncio
import json
import sys
import time

import aiohttp

LINK = "https://mmecimage.cn/p/wx"


def product(number):
    """The body of an addition, as the bench's sheet gives it."""
    code = f"P{number:08}"
    heads = [f"{LINK}/{letter}{number}" for letter in "abc"]
    fields = {
        "out_product_id": code,
        "title": f"茶杯第{number}号",
        "head_imgs": heads,
        "desc_info": {"imgs": [f"{LINK}/d"], "desc": ""},
        "deliver_method": 0,
        "cats_v2": [{"cat_id": "383000001"}, {"cat_id": "383001001"}, {"cat_id": "383001002"}],
        "attrs": [{"attr_key": "材质", "attr_value": "陶瓷"}],
        "express_info": {"template_id": "5000000101"},
        "extra_service": {"seven_day_return": 1, "freight_insurance": 0},
        "brand_id": "2100000000",
        "skus": [{"out_sku_id": code, "thumb_img": heads[0], "sale_price": 3990, "stock_num": 10, "sku_attrs": []}],
        "listing": 1,
    }
    return json.dumps(fields, ensure_ascii=False).encode()


async def each(items, at_once, call):
    """Calls for each item, so many at a time."""
    queue = asyncio.Queue(at_once * 2)

    async def work():
        while (item := await queue.get()) is not None:
            await call(item)

    workers = [asyncio.create_task(work()) for _ in range(at_once)]
    for item in items:
        await queue.put(item)
    for _ in workers:
        await queue.put(None)
    await asyncio.gather(*workers)


async def upload(base, count, at_once):
    added = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=at_once)) as session:
        async with session.post(base + "/cgi-bin/stable_token", json={}) as reply:
            token = (await reply.json(content_type=None))["access_token"]

        async def call(path, body):
            query, kind = {"access_token": token}, {"Content-Type": "application/json"}
            async with session.post(base + path, params=query, data=body, headers=kind) as reply:
                answer = json.loads(await reply.read())
            assert answer["errcode"] == 0, answer
            return answer

        async def add(number):
            answer = await call("/channels/ec/product/add", product(number))
            added.append(answer["data"]["product_id"])

        async def read(number):
            await call("/channels/ec/product/get", json.dumps({"product_id": number, "data_type": 3}).encode())

        await each(range(count), at_once, add)
        await each(added, at_once, read)


def main():
    base, count, at_once = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    started = time.time()
    asyncio.run(upload(base, count, at_once))
    seconds = time.time() - started
    print(f"{count / seconds:.0f} products/s, {2 * count / seconds:.0f} calls/s")


if __name__ == "__main__":
    main()
