internal import CAssets

/// A file that the portal's pages refer to, held in the program.
public struct PortalAsset: Sendable {
    /// The path of the style sheet.
    public static let stylePath = "/portal/app.css"
    /// The path of the script.
    public static let scriptPath = "/portal/app.js"
    /// The path of the typeface.
    public static let fontPath = "/portal/inter.ttf"

    /// The value of the `Content-Type` header.
    public let contentType: String
    /// The body.
    public let bytes: [UInt8]
    /// The value of the `ETag` header, quotes included; changes with the body.
    public let etag: String
    /// The value of the `Cache-Control` header.
    public let cacheControl: String

    /// The file served at `path` (no query), or nil when the portal has none there.
    public static func named(_ path: String) -> PortalAsset? {
        switch path {
        case stylePath: style
        case scriptPath: script
        case fontPath: font
        default: nil
        }
    }

    /// The fingerprint that pages append to the addresses of style and script.
    ///
    /// A new build has new addresses, so those two may be cached for good.
    var version: String { String(etag.dropFirst().dropLast()) }

    static let style = unsafe Self(cassets_app_css(), "text/css; charset=utf-8", keep: forGood)
    static let script = unsafe Self(
        cassets_app_js(), "text/javascript; charset=utf-8", keep: forGood)
    static let font = unsafe Self(cassets_inter_ttf(), "font/ttf", keep: "public, max-age=86400")

    private static let forGood = "public, max-age=31536000, immutable"

    private init(_ file: cassets_file, _ contentType: String, keep cacheControl: String) {
        bytes = unsafe Array(UnsafeBufferPointer(start: file.bytes, count: file.count))
        etag = "\"\(Self.fingerprint(of: bytes))\""
        self.contentType = contentType
        self.cacheControl = cacheControl
    }

    /// FNV-1a in 64 bits: tells builds apart and guards nothing.
    private static func fingerprint(of bytes: [UInt8]) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return String(hash, radix: 36)
    }
}
