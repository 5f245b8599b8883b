"""The report in a browser: on a desktop, on a phone, in the dark, on paper."""

import re
from pathlib import Path

import pytest

from adsmtl.claims import ledger
from adsmtl.collected import reading
from adsmtl.report import build, claims

pytestmark = pytest.mark.browser
PHONE, TABLET, DESKTOP = 360, 768, 1280


@pytest.fixture(scope="module")
def report(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a small study with all its parts."""
    study = reading.load(drawn)
    page = build.write(study, drawn, claims.sections(ledger.judge(study), study, drawn))
    return page.rename(tmp_path_factory.mktemp("page") / "report.html")


# Text whose contrast with what lies behind it is too low, as WCAG 2.2 (1.4.3) asks for it.
CONTRAST = """
() => {
  const parse = c => (c.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = e => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] > 0) return c;
    }
    return [255, 255, 255];
  };
  const low = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let seen = 0;
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement;
    if (!walk.currentNode.textContent.trim() || !e.checkVisibility()) continue;
    seen += 1;
    const style = getComputedStyle(e);
    const [a, b] = [light(parse(style.color)), light(behind(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    const text = walk.currentNode.textContent.trim();
    if (ratio < (large ? 3 : 4.5)) low.push([ratio.toFixed(2), text]);
  }
  return {low, seen};
}
"""


@pytest.mark.parametrize("width", [PHONE, TABLET, DESKTOP])
def test_the_page_never_scrolls_sideways(opened, report, width):
    page = opened(report, width)
    page.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    wider = page.evaluate(
        """width => [...document.querySelectorAll('p, li, h1, h2, h3, table, figure, pre')]
           .filter(e => !e.closest('.wide, pre') && e.getBoundingClientRect().right > width + 1)
           .map(e => e.textContent.slice(0, 60))""",
        width,
    )
    assert wider == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_stands_out_from_what_is_behind_it(opened, report, scheme):
    page = opened(report, scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
    found = page.evaluate(CONTRAST)
    assert found["seen"] > 500
    assert found["low"] == []


def test_dark_is_dark(opened, report):
    def level(scheme):
        colour = opened(report, scheme=scheme).evaluate(
            "getComputedStyle(document.body).backgroundColor"
        )
        return sum(map(int, re.findall(r"\d+", colour)[:3]))

    assert level("dark") < 120 < 600 < level("light")


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_no_text_is_too_small_to_read(opened, report, width):
    small = opened(report, width).evaluate(
        """() => [...document.querySelectorAll('p, li, td, th, figcaption, h3, a, code')]
           .filter(e => e.checkVisibility() && parseFloat(getComputedStyle(e).fontSize) < 12)
           .map(e => e.tagName + ' ' + e.textContent.slice(0, 40))"""
    )
    assert small == []


def test_a_claim_can_be_read_on_a_phone(opened, report):
    """Name, verdict, sentence and picture of a claim have the width of the page, not a column."""
    page = opened(report, PHONE)
    claim = page.locator("article.claim:has(figure)").first
    for part in ("h3", "p.quote", "figure img"):
        box = claim.locator(part).first.bounding_box()
        assert box["width"] > 0.8 * (PHONE - 32), part
    overview = page.locator("#claims table td.text").first.bounding_box()
    assert overview["width"] >= 90


def test_a_table_keeps_its_first_column_when_it_scrolls(opened, report):
    page = opened(report, PHONE)
    table = page.locator("table.numbers").first
    frame = table.locator("xpath=..")
    first = table.locator("tbody td").first
    frame.scroll_into_view_if_needed()
    before = first.bounding_box()["x"]
    frame.evaluate("e => { e.scrollLeft = 200 }")
    assert frame.evaluate("e => e.scrollLeft") > 50
    assert first.bounding_box()["x"] == pytest.approx(before, abs=1)


def test_the_contents_lead_to_what_they_name(opened, report):
    page = opened(report)
    links = page.locator("nav a")
    assert links.count() > 12
    for place in range(links.count()):
        target = links.nth(place).get_attribute("href")
        heading = page.locator(f'[id="{target[1:]}"]').first
        assert heading.count() == 1
    links.nth(links.count() - 1).click()
    page.wait_for_function("window.scrollY > 1000")  # it glides there


def test_on_paper_everything_is_shown_and_nothing_is_cut(opened, report, tmp_path):
    page = opened(report, media="print")
    page.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
    page.set_viewport_size({"width": 703, "height": 1000})  # A4 less the margins, at 96 dpi
    assert page.evaluate("document.documentElement.scrollWidth") <= 703
    printed = page.pdf(path=tmp_path / "report.pdf", prefer_css_page_size=True)
    assert len(printed) > 100_000


def test_pictures_are_sharp_enough(opened, report):
    page = opened(report)
    blurred = page.evaluate(
        """() => [...document.querySelectorAll('figure img')]
           .filter(e => e.naturalWidth < 1.4 * e.getBoundingClientRect().width).map(e => e.alt)"""
    )
    assert page.locator("figure img").count() > 5
    assert blurred == []


def test_the_newest_frozen_report_opens_without_an_error(opened):
    (*_, newest) = sorted(Path("results/frozen").glob("*/*/report.html"))
    errors = []
    page = opened("about:blank")
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("requestfailed", lambda request: errors.append(request.url[:80]))
    page.goto(newest.resolve().as_uri())
    assert page.locator("h1").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= DESKTOP
    assert errors == []


def test_the_contents_follow_the_reader(opened, report):
    """Beside the text on a desktop, where they name the part that is read; a button on a phone."""
    page = opened(report)
    page.evaluate("document.getElementById('environment').scrollIntoView({behavior: 'instant'})")
    page.wait_for_function(
        "document.querySelector('nav [aria-current]').hash === '#environment'", timeout=5000
    )
    place, current = (page.locator(name).bounding_box() for name in ("nav", "nav [aria-current]"))
    assert 0 <= place["y"] <= current["y"] < 900
    assert place["x"] + place["width"] <= page.locator("main").bounding_box()["x"]
    phone = opened(report, PHONE)
    assert phone.evaluate("document.querySelector('nav').scrollTop") == 0
    phone.evaluate("document.getElementById('environment').scrollIntoView({behavior: 'instant'})")
    button = phone.get_by_role("link", name="Contents", exact=True)
    assert 0 < button.bounding_box()["y"] < 900
    button.click()
    phone.wait_for_function("document.querySelector('nav').getBoundingClientRect().top > -1")


def test_an_arm_in_a_table_leads_to_its_runs(opened, report):
    page = opened(report)
    link = page.locator("a.runs").first
    target = page.locator(f'[id="{link.get_attribute("href")[1:]}"]')
    assert not target.is_visible()
    link.click()
    page.wait_for_function("document.querySelector(':target').checkVisibility()")
    assert target.inner_text() == link.inner_text()
