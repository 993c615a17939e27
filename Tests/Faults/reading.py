"""What a server says of an account, read whole."""


def every_entry(client, account):
    """All entries of an account, newest first, page by page."""
    found = []
    cursor = ""
    while True:
        answer = client.get(f"/v1/entries?account={account}&limit=1000{cursor}")
        if answer.status != 200:
            raise AssertionError(f"entries of {account}: {answer}")
        page = answer.json
        found += page["data"]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


def has_gaps(entries):
    """True unless the sequence of these entries, newest first, ends with 1 and leaves none out.

    Refusals have no place in it.
    """
    sequence = [int(entry["seq"]) for entry in entries if entry["seq"] is not None]
    return sequence != list(range(len(sequence), 0, -1))


def audit_failure(client):
    """What the server finds wrong when it recomputes every balance; nothing when all is right."""
    answer = client.get("/v1/audit")
    if answer.status == 200 and answer.json["ok"] and not answer.json["differences"]:
        return None
    return f"audit: {answer}"
