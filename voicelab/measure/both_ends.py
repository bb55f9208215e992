"""A client's run and the server's trace of the same session laid over each other, event by event.

In: two runs.  Out: each event that is in both, with both times on the client's time line, and how long it was on its
way.
Does not know: plots, or who wrote the runs.

Two clocks are involved. The quickest event each way is taken to have needed the same time, as NTP does (RFC 5905,
section 8): that gives the offset between the clocks, right to within half of the least round trip. Delays are
therefore differences to a mapping that is stated, and their sum up and down is exact whatever the offset.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from voicelab.errors import RunError
from voicelab.measure.run import Run
from voicelab.runlog.record import Record

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Crossing:
    """One event seen from both ends.

    Parameters
    ----------
    event_id, type : str
    direction : {"up", "down"}
        ``up`` from client to server.
    client_ms, server_ms : float
        When each side wrote it down, both on the client's time line.
    delay_ms : float
        From the one who sent it to the one who received it; waiting in the sender's queue is part of it.
    """

    event_id: str
    type: str
    direction: Literal["up", "down"]
    client_ms: float
    server_ms: float
    delay_ms: float


@dataclass(frozen=True)
class BothEnds:
    """Two runs of one session, laid over each other.

    Parameters
    ----------
    crossings : tuple of Crossing
        In the order of the client's time line.
    offset_ms : float
        Add it to a time of the server's run to have the client's.
    uncertainty_ms : float
        How wrong ``offset_ms`` can be at most: half of the least round trip.
    """

    crossings: tuple[Crossing, ...]
    offset_ms: float
    uncertainty_ms: float

    def table(self) -> pl.DataFrame:
        """Return one row an event; the columns are the fields of `Crossing`."""
        import polars as pl

        schema = {
            "event_id": pl.String,
            "type": pl.String,
            "direction": pl.String,
            "client_ms": pl.Float64,
            "server_ms": pl.Float64,
            "delay_ms": pl.Float64,
        }
        rows = [(c.event_id, c.type, c.direction, c.client_ms, c.server_ms, c.delay_ms) for c in self.crossings]
        return pl.DataFrame(rows, schema=schema, orient="row")


def lay_over(client: Run, server: Run) -> BothEnds:
    """Match the events of a client's run with those of a server's trace, by their ids.

    Raises
    ------
    RunError
        The second run is no server's trace, the first is one, or they are not of the same session.
    """
    if client.manifest.side != "client" or server.manifest.side != "server":
        raise RunError(
            f"lay_over takes a client's run and a server's trace, in this order: {client.folder} is a "
            f"{client.manifest.side}'s, {server.folder} a {server.manifest.side}'s"
        )
    here, there = _by_id(client.records()), _by_id(server.records())
    both = [(here[event_id], there[event_id]) for event_id in here if event_id in there]
    up = [(c, s) for c, s in both if c.dir == "send" and s.dir == "recv"]
    down = [(c, s) for c, s in both if c.dir == "recv" and s.dir == "send"]
    if not up or not down:
        raise RunError(f"{client.folder} and {server.folder} have no events in common: they are not of one session")
    least_up_ms = min(_ms(s) - _ms(c) for c, s in up)
    least_down_ms = min(_ms(c) - _ms(s) for c, s in down)
    offset_ms = (least_down_ms - least_up_ms) / 2
    crossings = sorted((_crossing(c, s, offset_ms) for c, s in up + down), key=lambda crossing: crossing.client_ms)
    return BothEnds(tuple(crossings), offset_ms, (least_up_ms + least_down_ms) / 2)


def _crossing(client: Record, server: Record, offset_ms: float) -> Crossing:
    client_ms, server_ms = _ms(client), _ms(server) + offset_ms
    direction: Literal["up", "down"] = "up" if client.dir == "send" else "down"
    delay_ms = server_ms - client_ms if direction == "up" else client_ms - server_ms
    return Crossing(str(client.event["event_id"]), client.type, direction, client_ms, server_ms, delay_ms)


def _by_id(records: list[Record]) -> dict[str, Record]:
    return {event_id: record for record in records if (event_id := record.event.get("event_id"))}


def _ms(record: Record) -> float:
    return record.t_ns / 1e6
