/// The security headers of every answer under `/portal/`.
public enum PortalHeaders: Sendable {
    /// Names and values to add to a page, beside `Content-Type: text/html; charset=utf-8`.
    ///
    /// The policy allows the portal's own style, script, typeface and requests, and no inline ones:
    /// a value that escaped its escaping could still run nothing.
    public static let page: [(name: String, value: String)] = [
        ("Content-Security-Policy", contentSecurityPolicy),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
    ]

    /// Names and values to add to an asset, beside its type, tag and `Cache-Control`.
    public static let asset: [(name: String, value: String)] = [
        ("X-Content-Type-Options", "nosniff"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
    ]

    /// The value of `Content-Security-Policy`.
    public static let contentSecurityPolicy = [
        "default-src 'none'", "style-src 'self'", "script-src 'self'", "img-src 'self' data:",
        "font-src 'self'", "connect-src 'self'", "base-uri 'none'", "form-action 'self'",
        "frame-ancestors 'none'",
    ].joined(separator: "; ")
}
