"""Whether each row of recordings stands in Elasticsearch exactly once, with its values and its jobs.

    check_delivery.py URL HOST RECORDING...

By what docs/RECORDING.md and docs/DOCUMENTS.md say, and with none of nvpulse's own code. The documents are those of HOST
in the time of the recordings; samples must have been exported as they are (a resolution below the interval), and
without --cores. Prints one JSON object.
"""
import calendar
import glob
import gzip
import io
import json
import os
import struct
import sys
import time
import urllib.request
import zlib

import pyarrow as pa

GPU_ENTITIES = ("gpu", "gpu_process", "mig")
# Of a document: its field, and the field of the recording's identity.
IDENTITY = {
    "gpu": (("index", "index"), ("uuid", "uuid"), ("name", "name")),
    "gpu_process": (("index", "index"), ("uuid", "uuid"), ("pid", "pid"), ("process_name", "name")),
    "mig": (("uuid", "uuid"),),
    "process": (("pid", "pid"), ("process_name", "name")),
    "core": (("core", "core"),),
    "disk": (("device", "device"),),
    "filesystem": (("mount", "mount"), ("device", "device"), ("type", "type")),
    "network": (("interface", "interface"),),
    "cgroup": (("path", "path"),),
    "job": (),
    "host": (),
    "memory": (),
    "agent": (),
}
# Their samples belong to their own job alone.
OWN_JOB = ("process", "gpu_process", "job")


def lines(path):
    """Whole lines of NDJSON."""
    with open(path, encoding="utf8") as file:
        return [json.loads(line) for line in file if line.endswith("\n")]


def members(path):
    """Contents of the gzip members that are whole; their length stands in the extra field `nv`."""
    with open(path, "rb") as file:
        data = file.read()
    at = 0
    while at + 20 <= len(data):
        assert data[at : at + 4] == b"\x1f\x8b\x08\x04", path
        assert data[at + 12 : at + 14] == b"nv", path
        (length,) = struct.unpack_from("<I", data, at + 16)
        if at + length > len(data):
            return
        yield gzip.decompress(data[at : at + length])
        at += length


class Recording:
    def __init__(self, folder):
        self.folder = folder
        with open(os.path.join(folder, "manifest.json"), encoding="utf8") as file:
            self.manifest = json.load(file)
        self.offset = int(self.manifest["clock"]["utcOffset__ns"])
        events = lines(os.path.join(folder, "events.ndjson"))
        self.instances = {e["id"]: e for e in events if e["kind"] == "instance"}
        self.windows = {}
        for event in events:
            if event["kind"] == "window_start":
                self.windows[event["data"]["id"]] = [int(event["time__ns"]), None]
            elif event["kind"] == "window_stop":
                self.windows[event["data"]["id"]][1] = int(event["time__ns"])

    def rows(self):
        """(entity, instance, monotonic time, values that are there) of each row, once."""
        seen = set()
        for row in self.all_rows():
            if row[:3] not in seen:
                seen.add(row[:3])
                yield row

    def all_rows(self):
        for path in sorted(glob.glob(os.path.join(self.folder, "*.arrows.gz"))):
            entity = os.path.basename(path).rsplit("-", 1)[0]
            names = [metric["name"] for metric in self.manifest["catalog"][entity]]
            stream = io.BytesIO(b"".join(members(path)))
            if not stream.getbuffer().nbytes:
                continue
            for batch in whole_batches(stream):
                columns = {name: batch.column(name).to_pylist() for name in names}
                times = batch.column("time").cast(pa.int64()).to_pylist()
                for at, (utc, instance) in enumerate(zip(times, batch.column("instance").to_pylist())):
                    values = {name: column[at] for name, column in columns.items() if column[at] is not None}
                    yield entity, instance, utc - self.offset, values
        yield from self.journal()

    def journal(self):
        path = os.path.join(self.folder, "journal.bin")
        if not os.path.exists(path):
            return
        with open(path, "rb") as file:
            data = file.read()
        at = 0
        while at + 12 <= len(data):
            length, crc, head_length = struct.unpack_from("<III", data, at)
            body = data[at + 8 : at + length]
            if at + length > len(data) or zlib.crc32(body) != crc:
                return
            head = json.loads(body[4 : 4 + head_length])
            place = 4 + head_length
            for entity, rows in head["tables"]:
                names = [metric["name"] for metric in self.manifest["catalog"][entity]]
                times = struct.unpack_from(f"<{rows}q", body, place)
                place += 8 * rows
                cells = struct.unpack_from(f"<{rows * len(names)}d", body, place)
                place += 8 * rows * len(names)
                instances = struct.unpack_from(f"<{rows}I", body, place)
                place += 4 * rows + 2 * rows * len(names)
                for row in range(rows):
                    read = {name: cells[column * rows + row] for column, name in enumerate(names)}
                    yield entity, instances[row], times[row], {n: v for n, v in read.items() if v == v}
            at += length

    def jobs_at(self, monotonic):
        return sorted(
            job
            for job, (start, stop) in self.windows.items()
            if start <= monotonic and (stop is None or monotonic < stop)
        )

    def expected(self):
        """What the documents must hold, by what tells them apart."""
        for entity, number, monotonic, values in self.rows():
            if entity == "core" or not values:
                continue
            identity = self.instances[number]["identity"]
            told = tuple(identity[of] for _, of in IDENTITY[entity] if identity[of] is not None)
            utc = monotonic + self.offset
            jobs = self.jobs_at(monotonic)
            if entity in OWN_JOB:
                jobs = [job for job in jobs if job == identity.get("job", identity.get("id"))]
            own = jobs[0] if entity in OWN_JOB and jobs else None
            yield (entity, told, own, utc), values, jobs


def whole_batches(stream):
    reader = pa.ipc.open_stream(stream)
    while True:
        try:
            yield reader.read_next_batch()
        except StopIteration:
            return
        except (pa.ArrowInvalid, OSError):
            return  # Its writer died: what follows stands in the journal.


def nanoseconds(stamp):
    seconds = calendar.timegm(time.strptime(stamp[:19], "%Y-%m-%dT%H:%M:%S"))
    return seconds * 1_000_000_000 + int(stamp[20:29])


def stamp(utc):
    seconds, nanos = divmod(utc, 1_000_000_000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{nanos:09d}Z"


def ask(url, method, path, body=None):
    request = urllib.request.Request(
        url + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.load(answer)


def documents(url, stream, query):
    """Each document of the stream; one that is there twice comes twice."""
    ask(url, "POST", f"/{stream}/_refresh")
    pit = ask(url, "POST", f"/{stream}/_pit?keep_alive=2m")["id"]
    after = None
    while True:
        search = {
            "size": 10000,
            "pit": {"id": pit, "keep_alive": "2m"},
            "query": query,
            "sort": ["_shard_doc"],
            "track_total_hits": False,
        }
        if after:
            search["search_after"] = after
        hits = ask(url, "POST", "/_search", search)["hits"]["hits"]
        for hit in hits:
            yield hit["_source"]
        if len(hits) < 10000:
            break
        after = hits[-1]["sort"]
    ask(url, "DELETE", "/_pit", {"id": pit})


def key_of(document):
    entity = document["entity"]
    told = tuple(document[field] for field, _ in IDENTITY[entity] if field in document)
    own = document["job"][0] if entity in OWN_JOB and document.get("job") else None
    return entity, told, own, nanoseconds(document["@timestamp"])


def check(url, host, folders):
    recordings = [Recording(folder) for folder in folders]
    wrong = {"missing": [], "twice": [], "unknown": [], "different": []}
    expected, catalog = {}, set()
    for recording in recordings:
        for metrics in recording.manifest["catalog"].values():
            catalog.update(metric["name"] for metric in metrics)
        for key, values, jobs in recording.expected():
            expected[key] = (values, jobs)
    times = [key[3] for key in expected] or [0]
    query = {
        "bool": {
            "filter": [
                {"term": {"host.name": host}},
                {"range": {"@timestamp": {"gte": stamp(min(times)), "lte": stamp(max(times))}}},
            ]
        }
    }
    found = set()
    for stream in ("gpumetrics", "cpumetrics"):
        for document in documents(url, stream, query):
            key = key_of(document)
            if (stream == "gpumetrics") != (key[0] in GPU_ENTITIES) or key not in expected:
                wrong["unknown"].append(key)
                continue
            if key in found:
                wrong["twice"].append(key)
            found.add(key)
            values, jobs = expected[key]
            told = {name: value for name, value in document.items() if name in catalog}
            if told != values or sorted(document.get("job", [])) != jobs:
                wrong["different"].append((key, told, values, document.get("job"), jobs))
    wrong["missing"] = [key for key in expected if key not in found]
    # A window that ended is one document, by its id; one that was cut, too.
    windows = [
        document["job"][0]
        for document in documents(
            url, "jobmetrics", {"bool": {"filter": [{"term": {"host.name": host}}, {"term": {"entity": "window"}}]}}
        )
    ]
    return {
        "rows": len(expected),
        **{what: {"count": len(keys), "first": keys[:3]} for what, keys in wrong.items()},
        "jobs": sorted({job for recording in recordings for job in recording.windows}),
        "windows": sorted(windows),
    }


if __name__ == "__main__":
    print(json.dumps(check(sys.argv[1], sys.argv[2], sys.argv[3:]), default=str))
