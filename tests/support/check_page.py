# SPDX-License-Identifier: Apache-2.0
"""check_page.py RESULT.json PAGE.html [PICTURES]: the page says what the result says; else where it does not, and exit 1.

The page is read by Python's parser, not by its own script: tags are closed as they were opened, nothing is loaded from
elsewhere, the verdict is the one that the result gives, and each number of table and charts is the result's, with all of
its digits. With PICTURES, a folder, it is also looked at in Chromium (browser.py): in both schemes, at 400 pixels, on
paper and by keyboard, without a word on the console; the pictures are for a person.
"""
import json
import sys
from html.parser import HTMLParser

VOID = {"meta", "br", "rect", "path"}
wrong = []


def expect(what, wanted, got):
    if wanted != got:
        wrong.append(f"{what}: wanted {wanted!r:.200}, got {got!r:.200}")


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.title, self.kind, self.heading, self.text = [], "", "", "", ""
        self.tables, self.scripts, self.bars, self.cell = {}, {}, [], None

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        for name in ("src", "href", "action", "srcset"):
            if name in attrs:
                wrong.append(f"<{tag}> loads {attrs[name]}")
        if tag not in VOID:
            self.open.append((tag, attrs))
        if tag == "table":
            self.tables[attrs["id"]] = []
        elif tag == "tr" and self.tables:
            list(self.tables.values())[-1].append([])
        elif tag in ("td", "th"):
            self.cell = [attrs.get("data-v"), ""]
            list(self.tables.values())[-1][-1].append(self.cell)
        elif tag == "b" and "data-v" in attrs:
            self.bars.append(float(attrs["data-v"]))
        elif tag == "div" and attrs.get("class", "").startswith("verdict") and not self.kind:
            self.kind = attrs["class"].split()[1]

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.open or self.open[-1][0] != tag:
            wrong.append(f"line {self.getpos()[0]}: </{tag}> closes {self.open[-1:]}")
            return
        self.open.pop()
        if tag in ("td", "th"):
            self.cell = None

    def handle_data(self, text):
        within = [tag for tag, _ in self.open]
        if "script" in within:
            figure = [attrs for tag, attrs in self.open if tag == "figure"]
            if figure:
                self.scripts[figure[0]["id"]] = self.scripts.get(figure[0]["id"], "") + text
            return
        self.text += text if "style" not in within else ""
        if self.cell is not None:
            self.cell[1] += text
        elif within[-1:] == ["title"] and "svg" not in within:
            self.title += text
        elif within[-1:] == ["h1"]:
            self.heading += text


def verdict(result):
    budgeted = {b["series"] for b in result["budgets"] if b["budget"].startswith("errors")}
    if (any(s["errors"] and s["name"] not in budgeted for s in result["series"]) or
            any(not c["answers_agree"] for c in result["comparisons"]) or
            any(not p["ok"] for p in result.get("facts", {}).get("proofs", []))):
        return "bad", "Failed"
    if any(b["verdict"] != "met" for b in result["budgets"]):
        return "bad", "Budget missed"
    if any(c.get("regressed") for c in result["comparisons"]):
        return "bad", "Proven slower than the reference"
    if result["partial"]:
        return "note", "Interrupted: not whole"
    return ("good", "Budget kept") if result["budgets"] else ("note", "Measured; no budget was set")


KEYS = ("n", "errors", "qps", "mean_ms", "sd_ms", "p50_ms", "p90_ms", "p95_ms", "p99_ms", "p99_9_ms", "max_ms")


def check_table(result, rows):
    expect("rows of the table", len(result["series"]), len(rows) - 1)
    for series, row in zip(result["series"], rows[1:]):
        expect("a series", series["name"], row[0][1])
        for key, (value, text) in zip(KEYS, row[1:]):
            expect(f"{series['name']}, {key}", series[key], None if value is None else float(value))
            if value is None:
                expect(f"{series['name']}, {key}", "–", text)
            elif abs(float(text.replace(",", "")) - float(value)) > (
                    0 if key in ("n", "errors") else 0.006 * max(abs(float(value)), 1)):
                wrong.append(f"{series['name']}, {key}: shows {text} for {value}")


def check_charts(result, data):
    times = {}
    for series in result["series"]:
        stream = series["name"].split("/")[0] if result["phases"] else series["name"]
        times.setdefault(stream, set()).update(zip((round(a, 2) for a in series["at_ms"]), series["times_ms"]))
    shown = data.get("timeline", {"series": []})["series"]
    many = sum(len(s["times_ms"]) for s in result["series"]) > 1  # one run is no line
    expect("streams of the time line", list(times)[:8] if many else [], [s["name"] for s in shown])
    for series in shown:
        points = list(zip((round(1000 * x, 2) for x in series["x"]), series["y"]))
        strange = [p for p in points if p not in times[series["name"]]]
        expect(f"points of {series['name']} that were never measured", [], strange[:3])
        expect(f"the slowest of {series['name']}", max(t for _, t in times[series["name"]]), max(series["y"]))
    for series in data.get("percentiles", {"series": []})["series"]:
        of = [s for s in result["series"] if s["name"] in (series["name"], "limit/" + series["name"])]
        expect(f"percentiles of {series['name']}: one series", 1, len(of))
        expect(f"percentiles of {series['name']}: values that were measured", set(), set(series["y"]) - set(of[0]["times_ms"]))
        expect(f"percentiles of {series['name']}: the last", of[0]["max_ms"], series["y"][-1])
        expect(f"percentiles of {series['name']}: in order", sorted(series["y"]), series["y"])


def look(path, data, pictures):
    from browser import Browser
    with Browser() as browser:
        for name, width, scheme, media in (("light", 1200, "light", "screen"), ("dark", 1200, "dark", "screen"),
                                           ("narrow light", 400, "light", "screen"), ("narrow", 400, "dark", "screen"),
                                           ("paper", 780, "light", "print")):
            browser.open(path, width, scheme, media)
            wide = browser.value("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            expect(f"{name}: wider than the window by", 0, wide)
            browser.picture(f"{pictures}/{name}.png")
        paper, ink = (browser.value(f"getComputedStyle(document.body).{p}") for p in ("backgroundColor", "color"))
        expect("on paper", ("rgb(255, 255, 255)", "rgb(0, 0, 0)"), (paper, ink))
        browser.open(path, 1000)
        for figure, chart in data.items():
            series = chart["series"][0]
            browser.value(f"document.getElementById('{figure}').focus()")
            browser.key("End")
            tip = browser.value(f"document.querySelector('#{figure} .tip').textContent")
            if not tip.startswith(f"{series['name']}: ") or " ms, " not in tip:
                wrong.append(f"{figure}: by keyboard it says {tip!r}")
            box = browser.value(f"(r => [r.left, r.top, r.width, r.height])(document.querySelector('#{figure} .plot')"
                                ".getBoundingClientRect())")
            browser.value("document.activeElement.blur()")
            browser.value(f"document.querySelector('#{figure} .plot').scrollIntoView()")
            box = browser.value(f"(r => [r.left, r.top, r.width, r.height])(document.querySelector('#{figure} .plot')"
                                ".getBoundingClientRect())")
            browser.move(box[0] + box[2] / 2, box[1] + box[3] / 2)
            tip = browser.value(f"document.querySelector('#{figure} .tip').textContent")
            name = tip.split(": ")[0]
            values = [v for s in chart["series"] if s["name"] == name for v in s["y"]]
            said = float(tip.split(": ")[1].split(" ")[0]) if ": " in tip else -1
            if not any(abs(v - said) <= 0.01 * v for v in values):
                wrong.append(f"{figure}: under the pointer it says {tip!r}, which nobody measured")
        expect("said on the console", [], browser.said)
        expect("asked of the network", [], [a for a in browser.asked if not a.startswith("file:")])


def main():
    result = json.load(open(sys.argv[1], encoding="utf-8"))
    text = open(sys.argv[2], encoding="utf-8").read()
    page = Page()
    page.feed(text)
    page.close()
    data = {name: json.loads(script) for name, script in page.scripts.items()}
    expect("tags that stay open", [], page.open)
    if "default-src 'none'" not in text:
        wrong.append("nothing bars the page from loading")
    kind, heading = verdict(result)
    expect("the verdict", (kind, heading), (page.kind, page.heading))
    expect("the title", f"livecol bench {result['scenario']}: {heading}", page.title)
    for word in (result["machine"]["cpu"], result["machine"]["version"], result["machine"]["commit"], result["engine"] or ""):
        if word not in page.text:
            wrong.append(f"it does not say {word}")
    check_table(result, page.tables["series"])
    if result["scenario"] in ("live", "query"):
        check_charts(result, data)
    else:
        costs = sorted(e["seconds"] * 1e9 / e["rows"] for e in result["facts"]["entries"])
        expect("bars", [f"{v:.12g}" for v in costs], [f"{v:.12g}" for v in sorted(page.bars)])
    if len(sys.argv) > 3:
        look(sys.argv[2], data, sys.argv[3])
    for one in wrong:
        print(one)
    return 1 if wrong else 0


sys.exit(main())
