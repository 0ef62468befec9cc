"""Python's websockets as a client: a line of JSON in is a message out, and the other way round."""
import asyncio
import sys

import websockets


async def main(url):
    async with websockets.connect(url) as socket:
        async def read():
            async for message in socket:
                print(message, flush=True)

        reading = asyncio.ensure_future(read())
        loop = asyncio.get_running_loop()
        while True:
            line = await loop.run_in_executor(None, sys.stdin.readline)
            if not line:
                break
            await socket.send(line.strip())
        reading.cancel()


asyncio.run(main(sys.argv[1]))
