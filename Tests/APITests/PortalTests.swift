import API
import Testing

@Suite struct PortalTests {
    @Test func `the Overview shows all accounts, or one`() throws {
        let server = try TestServer()
        let client = try server.account("acme", credits: "10")
        try server.account("rival", credits: "5")
        _ = try client.charge(#"{"account":"acme","action":"fetch"}"#, "k1")
        _ = try client.charge(#"{"account":"acme","action":"any","amount":100}"#, "k2")
        let page = try server.client().get("/portal/")
        #expect(page.status == 200)
        #expect(page.headers["content-type"] == "text/html; charset=utf-8")
        #expect(page.headers["content-security-policy"]?.contains("default-src 'none'") == true)
        #expect(page.text.contains("All accounts"))
        #expect(page.text.contains(#"value="13.5""#))
        #expect(page.text.contains("refused"))
        let fragment = try server.client().get("/portal/", ["Tally-Fragment: main"])
        #expect(fragment.text.hasPrefix("<main"))
        let one = try server.client().get("/portal/?account=rival")
        #expect(one.text.contains(#"value="5""#))
        #expect(!one.text.contains("acme"))
        #expect(try server.client().get("/portal/?account=nobody").status == 404)
        let own = try server.customer(of: "rival").get("/portal/")
        #expect(!own.text.contains("acme"))
    }

    @Test func `foreign pages and proxies do not open the portal`() throws {
        let server = try TestServer()
        let client = try server.client()
        #expect(try client.get("/portal/", ["X-Forwarded-For: 8.8.8.8"]).status == 401)
        #expect(try client.get("/portal/", ["Authorization: Bearer x"]).status == 401)
        client.write(Array("GET /portal/ HTTP/1.1\r\nHost: evil.example\r\n\r\n".utf8))
        #expect(try client.answer().status == 401)
        client.write(Array("GET /portal/ HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n".utf8))
        #expect(try client.answer().status == 200)
        var policy = APIPolicy()
        policy.portal = .keyed
        #expect(try TestServer(policy: policy).client().get("/portal/").status == 401)
    }

    @Test func `the portal's files may be kept`() throws {
        let client = try TestServer().client()
        for name in ["app.css", "app.js", "inter.ttf"] {
            let file = try client.get("/portal/\(name)")
            #expect(file.status == 200)
            let tag = try #require(file.headers["etag"])
            #expect(try client.get("/portal/\(name)", ["If-None-Match: \(tag)"]).status == 304)
        }
        #expect(try client.get("/portal/none").status == 404)
    }
}
