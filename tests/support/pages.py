"""A strict reader of HTML pages."""

from html.parser import HTMLParser

VOID = {"meta", "img", "link", "br", "hr", "input"}


class Balance(HTMLParser):
    """Fails on a closing tag that closes something else; collects references."""

    def __init__(self):
        super().__init__()
        self.open, self.references, self.ids = [], [], set()

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.references += [attributes[k] for k in ("src", "href") if k in attributes]
        self.ids.add(attributes.get("id"))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def parsed(page):
    balance = Balance()
    balance.feed(page)
    assert balance.open == []
    return balance
