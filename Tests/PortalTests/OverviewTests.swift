import Credit
import Portal
import Testing

struct OverviewTests {
    static let names = [
        "plain", "<script>alert(1)</script>", "\" onload=\"alert(1)", "' x='", "a & b &lt;",
        "</title></main></svg>", "\u{202E}drowssap", "\u{0}\u{1B}",
        "\u{0639}\u{0631}\u{0628}\u{064A}",
        String(repeating: "W", count: 64),
    ]

    @Test(arguments: names)
    func `any name is shown as text and stays inside its element`(name: String) throws {
        let page = Sample.filled(3, name: name).page
        let markup = try Markup(page)
        let plain = try Markup(Sample.filled(3, name: "plain").page)
        #expect(markup.tags.map(\.name) == plain.tags.map(\.name))
        #expect(markup.tags.map(\.attributes.keys.count) == plain.tags.map(\.attributes.keys.count))
        guard !name.contains("\u{0}") else { return }
        #expect(markup.text.contains(name))
        #expect(markup.tags("bdi").contains { $0.attributes["title"] == name })
    }

    @Test(arguments: [0, 1, 3, 200])
    func `the page holds nothing that its content security policy forbids`(count: Int) throws {
        let markup = try Markup(Sample.filled(count, name: "a").page)
        #expect(markup.tags("style").isEmpty)
        for tag in markup.tags {
            #expect(tag.attributes["style"] == nil)
            #expect(tag.attributes.keys.allSatisfy { !$0.hasPrefix("on") })
        }
        let scripts = markup.tags("script").compactMap { $0.attributes["src"] }
        #expect(scripts.count == markup.tags("script").count)
        #expect(scripts.allSatisfy { $0.hasPrefix("/portal/app.js?v=") })
    }

    @Test func `a fresh server explains the first charge`() throws {
        let markup = try Markup(Sample.empty.page)
        #expect(markup.text.contains("Make the first charge"))
        #expect(markup.text.contains("curl http://127.0.0.1:8080/v1/charges"))
        #expect(markup.text.contains("Idempotency-Key"))
        #expect(markup.tags("table").isEmpty)
    }

    @Test func `an account without charges is not told to charge itself`() throws {
        var model = Sample.empty
        model.accountsCount = nil
        let markup = try Markup(model.page)
        #expect(markup.text.contains("No charges yet"))
        #expect(!markup.text.contains("curl"))
    }

    @Test func `a quiet hour says so instead of drawing nothing`() throws {
        var model = Sample.filled(2, name: "a")
        model.chart.series = []
        let markup = try Markup(model.page)
        #expect(markup.text.contains("No charges from"))
        #expect(!markup.tags.contains { $0.attributes["class"] == "bars" })
    }

    @Test func `rows stop at the page's limits and say of how many they are`() throws {
        let markup = try Markup(Sample.filled(5000, name: "a").page)
        let rows = markup.tags("tr").count { $0.attributes["data-key"] != nil }
        let totals = Overview.rowsMax * 2 + Overview.actionsMax
        #expect(rows == totals + Overview.newestMax)
        #expect(markup.text.contains("8 of 5,000"))
    }

    @Test(arguments: [
        (12_491_500_000, "12,491.5"), (1, "0.000001"), (-12_500_000, "\u{2212}12.5"),
        (999_999_999_999_999_999, "999,999,999,999.999999"),
        (Int128(Int64.max) * 10, "92,233,720,368,547.75807"), (1_000_000_000, "1,000"),
    ])
    func `amounts appear exactly`(micros: Int128, text: String) throws {
        var model = Sample.filled(1, name: "a")
        model.usedToday = CreditsTotal(micros: micros)
        model.accounts[0].left = CreditsTotal(micros: micros)
        let markup = try Markup(model.page)
        #expect(markup.text.contains(text))
    }

    @Test func `a charge shows its amount, what was not collected, and its whole id`() throws {
        var model = Sample.filled(1, name: "a")
        model.newest[0].uncollected = Credits(micros: 250_000)
        let text = try Markup(model.page).text
        #expect(text.contains("4.80.25 uncollected"))
        #expect(text.contains("ent_00000000000000000000000000"))
    }

    @Test(
        arguments: zip(
            ChargeRow.Status.allCases, ["charged", "failed", "held", "refunded", "refused"]))
    func `each status has its word`(status: ChargeRow.Status, word: String) throws {
        var model = Sample.filled(1, name: "a")
        model.newest[0].status = status
        let badges = try Markup(model.page).tags("span").compactMap { $0.attributes["class"] }
        #expect(badges.contains("badge \(word)"))
    }

    @Test func `the fragment is the page's own main element`() throws {
        let model = Sample.filled(3, name: "a")
        var fragment = Array("before".utf8)
        Overview.renderMain(model, into: &fragment)
        let text = String(decoding: fragment, as: UTF8.self)
        #expect(text.hasPrefix("before<main "))
        #expect(model.page.contains(text.dropFirst("before".count)))
    }

    @Test func `landmarks, language, captions and headings are there`() throws {
        let markup = try Markup(Sample.filled(3, name: "a").page)
        #expect(markup.tags("html").first?.attributes["lang"] == "en")
        for name in ["main", "nav", "header", "h1", "body"] {
            #expect(markup.tags(name).count == 1)
        }
        #expect(markup.tags("caption").count == markup.tags("table").count)
        #expect(markup.tags("th").allSatisfy { $0.attributes["scope"] != nil })
        let ids = markup.tags.compactMap { $0.attributes["id"] }
        #expect(Set(ids).count == ids.count)
    }
}
