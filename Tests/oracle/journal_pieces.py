"""The pieces that segments are made of, as docs/journal-format.md says."""

import struct
import zlib


class Wrong(Exception):
    """The bytes are not what the page says."""


def unzigzag(value):
    return value >> 1 if value % 2 == 0 else -(value + 1 >> 1)


def as_signed(value):
    return value - (1 << 64) if value >> 63 else value


class Reader:
    """Takes pieces from the front of some bytes."""

    def __init__(self, data):
        self.data = data
        self.place = 0

    def take(self, count):
        if self.place + count > len(self.data):
            raise Wrong(f"ends at {self.place}")
        self.place += count
        return self.data[self.place - count:self.place]

    def fixed(self, form):
        return struct.unpack("<" + form, self.take(struct.calcsize(form)))[0]

    def varint(self):
        value = 0
        for shift in range(0, 70, 7):
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise Wrong(f"a varint of over ten bytes at {self.place}")

    def signed(self):
        return unzigzag(self.varint())

    def bytes(self):
        return self.take(self.varint())

    def text(self):
        return self.bytes().decode()

    def time(self):
        return self.fixed("q")

    def position(self):
        return self.varint(), self.varint()

    def optional(self, read):
        flag = self.take(1)[0]
        if flag > 1:
            raise Wrong(f"neither 0 nor 1 at {self.place}")
        return read() if flag else None

    def integers(self, count):
        width = self.take(1)[0]
        least = self.varint()
        if width > 56 and width != 64:
            raise Wrong(f"a column {width} bits wide")
        packed = int.from_bytes(self.take((count * width + 7) // 8), "little")
        mask = (1 << width) - 1
        return [(packed >> width * index & mask) + least & (1 << 64) - 1 for index in range(count)]

    def plain(self, count):
        return [self.take(length) for length in self.integers(count)]

    def numbered(self, count):
        shapes = self.plain(self.varint())
        numbers, values = self.integers(count), self.integers(count)
        if any(shape.count(b"\1") > 1 for shape in shapes):
            raise Wrong("two integers in a shape")
        return [shapes[number].replace(b"\1", str(value).encode())
                for number, value in zip(numbers, values)]

    def texts(self, count, may_be_numbered=False):
        form = self.take(1)[0]
        if form == 0:
            return [b""] * count
        if form == 1:
            return self.plain(count)
        if form == 3 and may_be_numbered:
            return self.numbered(count)
        if form != 2:
            raise Wrong(f"a text column of form {form}")
        distinct = self.plain(self.varint())
        return [distinct[number] for number in self.integers(count)]


def checked(part, key=b""):
    """The part without its checksum, which must be right for it and a key behind it."""
    body, stored = part[:-4], int.from_bytes(part[-4:], "little")
    if zlib.crc32(body + key) != stored:
        raise Wrong("checksum")
    return body
