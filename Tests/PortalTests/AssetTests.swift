import Portal
import Testing

struct AssetTests {
    @Test(arguments: [
        ("/portal/app.css", "text/css; charset=utf-8", 5000),
        ("/portal/app.js", "text/javascript; charset=utf-8", 3000),
        ("/portal/inter.ttf", "font/ttf", 100_000),
    ])
    func `the page's files are in the program`(path: String, type: String, bytes: Int) throws {
        let asset = try #require(PortalAsset.named(path))
        #expect(asset.contentType == type)
        #expect(asset.bytes.count > bytes)
        #expect(asset.etag.hasPrefix("\"") && asset.etag.hasSuffix("\"") && asset.etag.count > 8)
    }

    @Test func `the typeface is one`() {
        #expect(PortalAsset.named("/portal/inter.ttf")?.bytes.starts(with: [0, 1, 0, 0]) == true)
    }

    @Test(arguments: ["", "/portal/", "/portal/app.css/", "/portal/../app.css", "app.css"])
    func `other paths name nothing`(path: String) {
        #expect(PortalAsset.named(path) == nil)
    }

    @Test func `tags tell files apart`() {
        let paths = [PortalAsset.stylePath, PortalAsset.scriptPath, PortalAsset.fontPath]
        #expect(Set(paths.compactMap { PortalAsset.named($0)?.etag }).count == 3)
    }

    @Test func `the policy allows nothing inline and no frame around the page`() {
        let policy = PortalHeaders.contentSecurityPolicy
        #expect(policy.hasPrefix("default-src 'none'; "))
        #expect(policy.hasSuffix("; frame-ancestors 'none'"))
        #expect(!policy.contains("unsafe"))
    }
}
