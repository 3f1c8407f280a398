"""A small web service that shows lists: `python examples/service.py sqlite:///demo/fusion.db`.

It reads SQL and nothing else: no model is loaded, and a new run appears with the next request after
it was published. Ask it:

    curl 'http://127.0.0.1:8000/recommendations?placement=default&user=42'
    curl 'http://127.0.0.1:8000/recommendations?placement=default&user=nobody&segment=gender%3DF'

Only the standard library serves here, so that the example stays short. In earnest use the web
framework that you have; the three lines around `recommendations_for` stay the same.
"""

import argparse
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import Engine

from fusion.errors import FusionError
from storage import open_reader, recommendations_for


def answer(engine: Engine, query: str) -> tuple[int, dict[str, object]]:
    """Answer one request.

    Args:
        engine: of a reader, who may read the views and nothing else.
        query: of the URL: placement, user and, where the caller knows it, segment.

    Returns:
        The HTTP status, and what goes out as JSON.
    """
    given = {name: values[0] for name, values in parse_qs(query).items()}
    if "user" not in given:
        return 400, {"error": "name a user: /recommendations?placement=default&user=42"}
    placement = given.get("placement", "default")
    try:
        shown = recommendations_for(engine, placement, given["user"], given.get("segment"))
    except FusionError as failure:
        return 503, {"error": str(failure)}
    items = shown.rows.select("rank", "item_id", "score").to_dicts()
    return 200, {"served_by": shown.served_by, "segment": shown.segment, "items": items}


def make_server(engine: Engine, port: int) -> ThreadingHTTPServer:
    """Return a server on loopback that answers from a database."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            if url.path != "/recommendations":
                self.send_error(404, "there is /recommendations and nothing else")
                return
            status, content = answer(engine, url.query)
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *parts: object) -> None:
            """Keep the terminal quiet: ids of users are no matter for a log."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url", help="of the database, such as sqlite:///fusion.db")
    parser.add_argument("--port", type=int, default=8000)
    chosen = parser.parse_args()
    with make_server(open_reader(chosen.url), chosen.port) as server:
        print(f"http://127.0.0.1:{server.server_port}/recommendations?user=42")
        server.serve_forever()


if __name__ == "__main__":
    main()
