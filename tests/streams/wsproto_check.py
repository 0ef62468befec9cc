"""What Debian's python3-wsproto makes of streams: a line of JSON in, a line of JSON out."""

import json
import sys

from wsproto.extensions import PerMessageDeflate
from wsproto.frame_protocol import FrameProtocol, Opcode, ParseFailed

KINDS = {Opcode.TEXT: "text", Opcode.BINARY: "binary", Opcode.PING: "ping", Opcode.PONG: "pong"}


def extensions_of(is_client):
    deflate = PerMessageDeflate()
    (deflate.finalize if is_client else deflate.accept)("permessage-deflate")
    return [deflate]


def verdict(case):
    is_client = case["sender"] == "server"
    extensions = extensions_of(is_client) if case["deflate"] else []
    protocol = FrameProtocol(is_client, extensions)
    events = []
    message = b""
    try:
        protocol.receive_bytes(bytes.fromhex(case["bytes"]))
        for frame in protocol.received_frames():
            if frame.opcode is Opcode.CLOSE:
                code, reason = frame.payload
                events.append(f"close {int(code)} {reason}")
                # RFC 6455 5.5.1: nothing follows.
                break
            payload = frame.payload.encode() if isinstance(frame.payload, str) else frame.payload
            if frame.opcode in (Opcode.TEXT, Opcode.BINARY):
                message += payload
                if frame.message_finished:
                    events.append(f"{KINDS[frame.opcode]} {message.hex()}")
                    message = b""
            else:
                events.append(f"{KINDS[frame.opcode]} {payload.hex()}")
    except ParseFailed as error:
        return {"events": events, "closeCode": int(error.code), "error": str(error)}
    except Exception as error:  # What is no judgement is shown as such.
        return {"events": events, "closeCode": -1, "error": repr(error)}
    return {"events": events, "closeCode": None, "error": None}


for line in sys.stdin:
    print(json.dumps(verdict(json.loads(line))))
