import Credit
import Pricing
import Testing

/// Tiers, packages, multipliers and lists of items.
struct RichPriceTests {
    private static let graduated =
        #""parts":[{"parameter":"n","mode":"graduated","tiers":[{"up_to":10,"price":2},{"up_to":20.5,"price":1},{"price":0.5}]}]"#
    private static let volume =
        #""parts":[{"parameter":"n","per":2,"mode":"volume","tiers":[{"up_to":10,"price":4},{"price":1}]}]"#
    private static let package =
        #""parts":[{"parameter":"n","price":3,"per":100,"included":50,"mode":"package"}]"#

    @Test(arguments: [
        (graduated, "0", "0", Int64(0)), (graduated, "7", "14", 7), (graduated, "10", "20", 10),
        (graduated, "10.25", "20.25", 11), (graduated, "20.5", "30.5", 21),
        (graduated, "120.5", "80.5", 121),
        (volume, "0", "0", 0), (volume, "10", "20", 10), (volume, "10.000001", "5", 11),
        (volume, "100", "50", 100),
        (package, "0", "0", 0), (package, "50", "0", 50),
        (package, "50.000000000000000001", "3", 51),
        (package, "150", "3", 150), (package, "151", "6", 151),
    ])
    func `prices by quantity`(fields: String, n: String, credits: String, units: Int64) throws {
        let quote = try list(fields).quote(#"{"n":\#(n)}"#)
        #expect(quote.credits.decimalText == credits)
        #expect(quote.units == units)
    }

    @Test(arguments: [
        (#"{}"#, "4"), (#"{"c":null}"#, "4"), (#"{"c":"bitcoin"}"#, "4"),
        (#"{"c":"bitcoin,all"}"#, "44"), (#"{"c":"all"}"#, "40"), (#"{"c":" all , a,, b "}"#, "48"),
        (#"{"c":["ethereum","all"]}"#, "44"), (#"{"c":["a","b","c"]}"#, "12"),
        (#"{"c":[]}"#, "0"), (#"{"c":""}"#, "0"), (#"{"c":[1,2,{"all":1},null,true]}"#, "20"),
        (#"{"c":7}"#, "4"), (#"{"c":["half"]}"#, "2"), (#"{"c":[12,"12"]}"#, "24"),
        (#"{"c":"say \"all\""}"#, "12"),
    ])
    func `counts the items of a list`(parameters: String, credits: String) throws {
        let list = try list(
            #""per_call":4,"multipliers":[{"parameter":"c","list":"count","#
                + #""values":{"all":10,"half":0.5,"12":3,"say \"all\"":3}}]"#)
        #expect(try list.quote(parameters).credits.decimalText == credits)
    }

    @Test(arguments: [
        (#"{}"#, "2"), (#"{"q":"hd"}"#, "3"), (#"{"q":"low"}"#, "2"), (#"{"q":2}"#, "8"),
        (#"{"q":true}"#, "0"), (#"{"q":null}"#, "2"),
    ])
    func `a value has a factor`(parameters: String, credits: String) throws {
        let list = try list(
            #""per_call":2,"multipliers":[{"parameter":"q","values":{"hd":1.5,"2":4,"true":0}}]"#)
        #expect(try list.quote(parameters).credits.decimalText == credits)
    }

    @Test func `factors multiply the price per call and the parts, and then the bounds hold`()
        throws
    {
        let list = try list(
            #""per_call":1,"parts":[{"parameter":"n","price":2}],"minimum":5,"maximum":100,"#
                + #""multipliers":[{"parameter":"a"},{"parameter":"b.c"}]"#)
        #expect(try list.quote(#"{"n":1}"#).credits.decimalText == "5")
        #expect(try list.quote(#"{"a":2.5,"b":{"c":3},"n":1}"#).credits.decimalText == "22.5")
        #expect(try list.quote(#"{"a":0,"n":1}"#).credits.decimalText == "5")
        #expect(try list.quote(#"{"a":1000000,"n":1}"#).credits.decimalText == "100")
    }

    @Test(arguments: [#""x""#, "true", "-1", "1000001", "0.0000000000001", "{}", "[1]"])
    func `a factor is a number of 0 to a million`(value: String) throws {
        let list = try list(#""per_call":1,"multipliers":[{"parameter":"a.b"}]"#)
        #expect(throws: PricingError.invalidFactor("parameters.a.b")) {
            try list.quote(#"{"a":{"b":\#(value)}}"#)
        }
    }

    @Test func `an object has no items`() throws {
        let list = try list(#""per_call":1,"multipliers":[{"parameter":"c","list":"count"}]"#)
        #expect(throws: PricingError.invalidChoice("parameters.c")) { try list.quote(#"{"c":{}}"#) }
        let many = String(repeating: "1,", count: 9999)
        #expect(try list.quote(#"{"c":[\#(many)1]}"#).credits.decimalText == "10000")
        #expect(try list.quote(#"{"c":"\#(many)1"}"#).credits.decimalText == "10000")
        for text in [#"[\#(many)1,1]"#, #""\#(many)1,1""#] {
            #expect(throws: PricingError.tooManyItems("parameters.c")) {
                try list.quote(#"{"c":\#(text)}"#)
            }
        }
    }

    @Test func `items are priced one by one and rounded once`() throws {
        let list = try list(
            #""each":"wallets","per_call":0.3,"parts":[{"parameter":"n","price":1,"per":3}],"#
                + #""multipliers":[{"parameter":"chain","values":{"all":10}}],"#
                + #""rounding":{"to":1,"mode":"up"}"#)
        let two = #"{"chain":"all","wallets":[{"n":1},{"chain":"all","n":2}]}"#
        // (0.3 + 1/3) + 10 x (0.3 + 2/3) = 10.3
        let quote = try list.quote(two)
        #expect(quote.credits.decimalText == "11")
        #expect(quote.units == 3)
        #expect(try list.quote(#"{"wallets":[]}"#).credits == .zero)
    }

    @Test(arguments: [
        (#"{}"#, PricingError.missingField("parameters.w")),
        (#"{"w":{}}"#, .invalidList("parameters.w")), (#"{"w":7}"#, .invalidList("parameters.w")),
        (#"{"w":[{"n":1},7]}"#, .invalidObject("parameters.w[1]")),
        (#"{"w":[{"n":1},{}]}"#, .missingField("parameters.w[1].n")),
        (#"{"w":[{"n":"1"}]}"#, .invalidField("parameters.w[0].n")),
    ])
    func `an item without a price is named`(parameters: String, error: PricingError) throws {
        let list = try list(#""each":"w","parts":[{"parameter":"n","price":1}]"#)
        #expect(throws: error) { try list.quote(parameters) }
    }

    @Test func `an item without parts is one unit, and there are at most ten thousand`() throws {
        let list = try list(#""each":"w","per_call":0.5"#)
        let most = String(repeating: "{},", count: 9999) + "{}"
        let quote = try list.quote(#"{"w":[\#(most)]}"#)
        #expect(quote.credits.decimalText == "5000")
        #expect(quote.units == 10_000)
        #expect(throws: PricingError.tooManyItems("parameters.w")) {
            try list.quote(#"{"w":[\#(most),{}]}"#)
        }
    }

    @Test func `fewer results never cost more, even by a volume price`() throws {
        let list = try list(
            #""parts":[{"parameter":"n","mode":"volume","tiers":[{"up_to":10,"price":10},{"price":1}]}],"#
                + #""outcomes":{"partial":"results"}"#)
        #expect(try list.quote(#"{"n":50}"#).credits.decimalText == "50")
        #expect(try list.quote(#"{"n":50}"#, .partial, 10).credits.decimalText == "50")
        #expect(try list.quote(#"{"n":50}"#, .partial, 4).credits.decimalText == "40")
        #expect(try list.quote(#"{"n":50}"#, .partial, 49).credits.decimalText == "49")
    }

    @Test func `products that pass 128 bits in a call are refused`() throws {
        let list = try list(
            #""per_call":0.000000000001,"multipliers":[{"parameter":"a"},{"parameter":"b"},{"parameter":"c"}]"#
        )
        let small = "0.000000000001"
        #expect(throws: PricingError.amountOutOfRange) {
            try list.quote(#"{"a":\#(small),"b":\#(small),"c":999999.999999999999}"#)
        }
        #expect(try list.quote(#"{"a":1000000,"b":1000000,"c":1}"#).credits.decimalText == "1")
    }

    @Test(arguments: [
        (#"{"in":10}"#, "10.5"), (#"{"cached":4,"in":10}"#, "12.5"),
        (#"{"cached":null,"in":1}"#, "1.5"),
        (#"{"cached":0,"in":1,"seconds":2}"#, "3"), (#"{"in":1,"seconds":null}"#, "1.5"),
    ])
    func `a part may count a parameter that is not sent`(
        parameters: String, credits: String
    ) throws {
        let list = try list(
            #""parts":[{"parameter":"in","price":1},{"parameter":"cached","price":0.5,"default":0},"#
                + #"{"parameter":"seconds","price":1,"default":0.5}]"#)
        #expect(try list.quote(parameters).credits.decimalText == credits)
        #expect(throws: PricingError.missingField("parameters.in")) {
            try list.quote(#"{"cached":1}"#)
        }
        #expect(throws: PricingError.invalidField("parameters.cached")) {
            try list.quote(#"{"cached":"no","in":1}"#)
        }
    }

    @Test func `numbers may be written as strings`() throws {
        let list = try PriceList(
            rules: #"{"id":"a","action":"act","usd":true,"per_call":"0.5","minimum":"0.1","#
                + #""maximum":"1000","parts":[{"parameter":"n","mode":"graduated","included":"1.5","#
                + #""tiers":[{"up_to":"2","price":"0.0000025"},{"price":0}]}],"#
                + #""multipliers":[{"parameter":"m","values":{"x":"1.5"}}]}"#,
            usdPerCredit: #""0.0000005""#)
        #expect(try list.quote(#"{"m":"x","n":3}"#).credits.decimalText == "1500011.25")
    }

    private func list(_ fields: String) throws -> PriceList {
        try PriceList(rules: #"{"id":"a","action":"act",\#(fields)}"#, usdPerCredit: "1")
    }
}
