# SPDX-License-Identifier: Apache-2.0
"""Networks of real files, and a matcher that shares nothing with livecol's.

  networks.py rules FOLDER OUT     write OUT/cidr.csv and OUT/range.csv of FOLDER/*-ipv4.csv and *-ipv6.csv, whose
                                   lines are first,last,value
  networks.py keys OUT N           write N addresses at random and next to the ends of ranges, and what they give:
                                   OUT/keys and OUT/wanted
"""
import bisect
import glob
import ipaddress
import os
import random
import sys


def lines(folder):
    """Those that are apart: some files say two things of one network, which livecol refuses."""
    for path in sorted(glob.glob(folder + "/*-ipv[46].csv")):
        rows = []
        with open(path, encoding="utf-8") as f:
            for line in f:
                first, last, value = line.rstrip("\n").split(",")[:3]
                rows.append((ipaddress.ip_address(first), ipaddress.ip_address(last), value))
        rows.sort(key=lambda row: (int(row[0]), int(row[1])))
        end = -1
        for first, last, value in rows:
            if int(first) > end:
                end = int(last)
                yield first, last, value


def rules(folder, out):
    with open(out + "/cidr.csv", "w", encoding="utf-8") as cidr, open(out + "/range.csv", "w", encoding="utf-8") as spans:
        cidr.write("cidr,v\n")
        spans.write("from,to,v\n")
        for first, last, value in lines(folder):
            spans.write("%s,%s,%s\n" % (first, last, value))
            for network in ipaddress.summarize_address_range(first, last):
                cidr.write("%s,%s\n" % (network, value))


def keys(out, count):
    random.seed(int(os.environ.get("LC_TEST_SEED", "1")))
    tables = {4: [], 6: []}
    with open(out + "/range.csv", encoding="utf-8") as f:
        next(f)
        for line in f:
            first, last, value = line.rstrip("\n").split(",")
            first, last = ipaddress.ip_address(first), ipaddress.ip_address(last)
            tables[first.version].append((int(first), int(last), value))
    starts = {}
    for version in tables:
        tables[version].sort()
        starts[version] = [first for first, _, _ in tables[version]]
    with open(out + "/keys", "w", encoding="utf-8") as got, open(out + "/wanted", "w", encoding="utf-8") as wanted:
        for i in range(count):
            version = 4 if i % 2 else 6
            bits = 32 if version == 4 else 128
            address = random.getrandbits(bits)
            if i % 4 < 2:
                row = random.choice(tables[version])
                address = row[random.randrange(2)] + random.choice((-1, 0, 0, 1))
            address %= 1 << bits
            if version == 6 and address >> 32 == 0xffff:
                continue
            at = bisect.bisect_right(starts[version], address) - 1
            hit = at >= 0 and tables[version][at][1] >= address
            text = ipaddress.IPv4Address(address) if version == 4 else ipaddress.IPv6Address(address)
            got.write("%s\n" % text)
            wanted.write("%s\n" % (tables[version][at][2] if hit else ""))


if sys.argv[1] == "rules":
    rules(sys.argv[2], sys.argv[3])
else:
    keys(sys.argv[2], int(sys.argv[3]))
