# SPDX-License-Identifier: Apache-2.0
"""Random ranges of every order, keys of every type that they take, and what the ranges give for a key: the narrowest one,
found by looking at all of them. Values are compared as Python's own numbers: whole ones, fractions, floats, days, seconds,
addresses of 128 bits."""
import ctypes
import datetime
import ipaddress
import math
import struct
from fractions import Fraction

ARGUMENTS = {
    "whole": ["Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Decimal(9,0)", "Decimal(18,3)",
              "Decimal(38,5)"],
    "unsigned": ["UInt8", "UInt16", "UInt32", "UInt64", "Int8", "Int64"],
    "decimal": ["Decimal(9,2)", "Decimal(9,9)", "Decimal(18,6)", "Decimal(38,0)", "Decimal(38,18)", "Int8", "Int64", "UInt64"],
    "float": ["Float64", "Float32", "Int8", "Int32", "UInt32"],
    "date": ["Date", "Date32", "DateTime('UTC')", "DateTime64(3,'UTC')"],
    "time": ["DateTime('UTC')", "DateTime64(0,'UTC')", "DateTime64(3,'UTC')", "DateTime64(9,'UTC')", "DateTime",
             "DateTime64(6,'America/New_York')"],
    "address": ["IPv4", "IPv6", "UInt32", "String", "FixedString(40)"],
}
IPV4 = 0xffff << 32
DAY = 86400


class Key(bytes):
    """A key's text, with its bytes on the wire and what it is compared as: None for what is in no range."""
    raw = value = None


def key(text, raw, value):
    made = Key(text.encode())
    made.raw, made.value = raw, value
    return made


def decimal_text(n, scale):
    digits = str(abs(n)).rjust(scale + 1, "0")
    return "-" * (n < 0) + (digits if scale == 0 else digits[:-scale] + "." + digits[-scale:])


def date_text(day):
    return (datetime.date(1970, 1, 1) + datetime.timedelta(day)).isoformat()


def time_text(second, between):
    day, rest = divmod(second, DAY)
    return "%s%s%02d:%02d:%02d" % (date_text(day), between, rest // 3600, rest // 60 % 60, rest % 60)


def address_text(a):
    return str(ipaddress.IPv4Address(a & 0xffffffff) if a >> 32 == 0xffff else ipaddress.IPv6Address(a))


def float_text(v):
    return "nan" if v != v else "inf" if v == math.inf else "-inf" if v == -math.inf else repr(v)


def some_float(rng):
    v = rng.choice([0.0, -0.0, math.inf, -math.inf, 5e-324, 1.7976931348623157e308, 0.1, 0.30000000000000004,
                    rng.randrange(-8, 9) / 4, struct.unpack("<d", rng.randbytes(8))[0]])
    return v if v == v else 0.25


def bound(rng, order):
    """A value and how it is written."""
    near = rng.randrange(-40, 40)
    if order == "unsigned":
        v = rng.choice([near + 40, rng.getrandbits(64), (1 << 64) - 1, 0])
        return v, str(v)
    if order == "whole":
        v = rng.choice([near, rng.randrange(-(1 << 64), 1 << 65), -(1 << 63), (1 << 63) - 1, 10 ** 36 - 1])
        return v, str(v)
    if order == "decimal":
        scale = rng.choice([0, 1, 2, 5])
        n = rng.choice([near * 37, rng.randrange(-10 ** 17, 10 ** 17), rng.randrange(-10 ** 30, 10 ** 30)])
        return Fraction(n, 10 ** scale), decimal_text(n, scale)
    if order == "float":
        v = some_float(rng)
        return v, float_text(v)
    if order == "date":
        v = rng.choice([near * 9, rng.randrange(-25567, 120530), rng.randrange(65536)])
        return v, date_text(v)
    if order == "time":
        v = rng.choice([near, rng.randrange(-2 * 10 ** 9, 9 * 10 ** 9), rng.randrange(1 << 32)])
        return v, rng.choice([time_text(v, "T") + "Z", time_text(v + 7200, " ") + "+02:00", time_text(v - 5400, "T") + "-01:30"])
    v = rng.choice([IPV4 | rng.getrandbits(32), IPV4 | 10 << 24 | near + 40, rng.getrandbits(128), 0x20010db8 << 96 | near + 40, 0,
                    (1 << 128) - 1, IPV4, IPV4 | 0xffffffff])
    return v, address_text(v)


class Range:
    def __init__(self, rng, order, value):
        self.order, self.given = order, value
        ends = sorted((bound(rng, order) for _ in range(2)), key=lambda b: b[0])
        while order == "address" and len({b[0] >> 32 == 0xffff for b in ends}) == 2:
            ends = sorted((bound(rng, order) for _ in range(2)), key=lambda b: b[0])
        (self.low, self.low_text), (self.high, self.high_text) = ends
        family = (IPV4, IPV4 | 0xffffffff) if order == "address" and self.low >> 32 == 0xffff else (0, (1 << 128) - 1)
        # Open ends; of addresses they are those of the family.
        if order != "unsigned" and rng.random() < 0.08:
            self.low, self.low_text = family[0] if order == "address" else None, ""
        elif order != "unsigned" and rng.random() < 0.08:
            self.high, self.high_text = family[1] if order == "address" else None, ""

    def takes(self, v):
        return (self.low is None or v >= self.low) and (self.high is None or v <= self.high)

    def width(self):
        """Less for what is narrower. Of floats what is within another is; no two of them cross."""
        if self.low is None or self.high is None:
            return 1, self.high if self.low is None else -self.low
        if self.order == "float":
            return 0, -ctypes.c_int64(point(self.low)).value + ctypes.c_int64(point(self.high)).value
        return 0, self.high - self.low


def point(v):
    """A double as a number in the same order."""
    bits = struct.unpack("<q", struct.pack("<d", v + 0.0))[0]
    return bits if bits >= 0 else -(bits & (1 << 63) - 1)


def narrowest(ranges, default, v):
    found = [r for r in ranges if v is not None and v == v and r.takes(v)]
    return min(found, key=Range.width).given if found else default


def ranges_of(rng, order):
    made = [Range(rng, order, "v%d" % i) for i in range(rng.randrange(1, 25))]
    return list({(r.low, r.high): r for r in made}.values())


# ── Keys ─────────────────────────────────────────────────────────────────────────────────────────


def clamp(v, low, high):
    return max(low, min(high, v))


def whole(rng, of, order, near):
    bits = int(of.lstrip("UInt"))
    low, high = (0, (1 << bits) - 1) if of[0] == "U" else (-(1 << bits - 1), (1 << bits - 1) - 1)
    near = 0 if near in (math.inf, -math.inf) else math.floor(near)
    near = near & 0xffffffff if order == "address" else near
    v = clamp(rng.choice([near + rng.randrange(-2, 3), rng.randrange(low, high + 1), low, high]), low, high)
    return key(str(v), v.to_bytes(bits // 8, "little", signed=low < 0), IPV4 | v if order == "address" else v)


def decimal(rng, of, near):
    digits, scale = map(int, of[8:-1].split(","))
    most = 10 ** digits - 1
    v = clamp(rng.choice([math.floor(near * 10 ** scale) + rng.randrange(-2, 3), rng.randrange(-most, most + 1), most, -most]), -most, most)
    width = 4 if digits <= 9 else 8 if digits <= 18 else 16
    return key(decimal_text(v, scale), v.to_bytes(width, "little", signed=True), Fraction(v, 10 ** scale))


def real(rng, of, near):
    near = float(near)
    v = rng.choice([near, some_float(rng), math.nextafter(near, math.inf), math.nextafter(near, -math.inf), math.nan])
    v = ctypes.c_float(v).value if of == "Float32" else v
    return key(float_text(v), struct.pack("<f" if of == "Float32" else "<d", v), v)


def day(rng, of, near):
    low, high = (0, 65535) if of == "Date" else (-25567, 120529)
    v = clamp(rng.choice([near + rng.randrange(-1, 2), rng.randrange(low, high + 1)]), low, high)
    return key(date_text(v), v.to_bytes(2 if of == "Date" else 4, "little", signed=low < 0), v)


def moment(rng, of, order, near):
    digits = int(of[11]) if of.startswith("DateTime64") else 0
    low, high = (0, (1 << 32) - 1) if not of.startswith("DateTime64") else (-2208988800, 9223372035 if digits == 9 else 10413791998)
    near = near * DAY if order == "date" else near
    second = clamp(rng.choice([near + rng.randrange(-1, 2), near + DAY - rng.randrange(2), rng.randrange(low, high + 1)]), low, high)
    part = rng.choice([0, 10 ** digits - 1, rng.randrange(10 ** digits)])
    raw = (second * 10 ** digits + part).to_bytes(8 if of.startswith("DateTime64") else 4, "little", signed=low < 0)
    return key(time_text(second, " ") + (".%0*d" % (digits, part) if digits else ""), raw, second // DAY if order == "date" else second)


def address(rng, of, near):
    v = clamp(rng.choice([near + rng.randrange(-1, 2), rng.getrandbits(128), IPV4 | rng.getrandbits(32)]), 0, (1 << 128) - 1)
    if of == "IPv4":
        v = IPV4 | v & 0xffffffff
        return key(address_text(v), (v & 0xffffffff).to_bytes(4, "little"), v)
    if of == "IPv6":
        return key("::ffff:" * (v >> 32 == 0xffff) + address_text(v), v.to_bytes(16, "big"), v)
    text = rng.choice([address_text(v), address_text(v).upper(), ipaddress.IPv6Address(v).exploded, "x", "", "1.2.3.04"])
    v = None if text in ("x", "", "1.2.3.04") else v
    if of == "String":
        return key(text, bytes([len(text)]) + text.encode(), v)
    return key(text.ljust(40, "\0"), text.encode().ljust(40, b"\0"), v)


def some_key(rng, of, order, ranges):
    ends = [e for r in ranges for e in (r.low, r.high) if e is not None]
    near = rng.choice(ends) if ends else 0
    if of.startswith(("Int", "UInt")):
        return whole(rng, of, order, near)
    if of.startswith("Decimal"):
        return decimal(rng, of, near)
    if of.startswith("Float"):
        return real(rng, of, near)
    if of in ("Date", "Date32"):
        return day(rng, of, near)
    return moment(rng, of, order, near) if of.startswith("DateTime") else address(rng, of, near)


def empty_of(of):
    """The value that a dictionary of LowCardinality begins with."""
    if of == "String":
        return key("", b"\0", None)
    return key("", bytes(40 if of.startswith("Fixed") else {"Float64": 8, "Float32": 4, "Date": 2}.get(of) or int(of.lstrip("UInt")) // 8), None)


def wrappings(of):
    """The type itself, Nullable, and what of it the server has as LowCardinality."""
    low = of in ("String", "FixedString(40)", "Date") or of.startswith(("Int", "UInt", "Float"))
    return [of, "Nullable(%s)" % of] + ["LowCardinality(%s)" % of, "LowCardinality(Nullable(%s))" % of] * low
