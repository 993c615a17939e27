import API
import Foundation
import HTTP
import Wire

/// What `tally serve` is asked to do: options, else the configuration file, else the usual.
struct ServeOptions {
    static let names: Set<String> = ["--data", "--listen", "--config", "--loops", "--rate-limit"]
    static let flags: Set<String> = ["--public-price-lists"]
    private static let loopsMax = 64

    var data = DataOption.usual
    var address = HTTPAddress(host: "127.0.0.1", port: 8080)
    var loops = 1
    var limits = APILimits()
    var policy = APIPolicy()

    init(_ text: [String]) throws {
        let arguments = try Arguments(text, options: Self.names, flags: Self.flags)
        guard arguments.values.isEmpty else {
            throw Failure.usage("unexpected \(arguments.values[0])")
        }
        if let path = try arguments.value("--config") { try read(path) }
        if let data = try arguments.value("--data") { self.data = data }
        if let listen = try arguments.value("--listen") { try setAddress(listen) }
        if let loops = try arguments.number("--loops", 1...Self.loopsMax) { self.loops = loops }
        if let rate = try arguments.value("--rate-limit") { try setRate(rate) }
        if arguments.has("--public-price-lists") { policy.isPriceListPublic = true }
    }

    private mutating func setAddress(_ text: String) throws {
        do {
            address = try HTTPAddress(text)
        } catch {
            throw Failure.usage("--listen needs an address such as 127.0.0.1:8080, not \(text)")
        }
    }

    /// Reads `600/60`: requests of one customer key in so many seconds; `off` for no limit.
    private mutating func setRate(_ text: String) throws {
        guard text != "off" else {
            limits.rateRequestsMax = 0
            return
        }
        let parts = text.split(separator: "/").compactMap { Int($0) }
        guard parts.count == 2, 1...1_000_000 ~= parts[0], 1...86_400 ~= parts[1] else {
            throw Failure.usage("--rate-limit is REQUESTS/SECONDS, such as 600/60, or off")
        }
        limits.rateRequestsMax = parts[0]
        limits.rateSeconds = parts[1]
    }

    /// Reads a JSON object whose members are named like the options.
    private mutating func read(_ path: String) throws {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure.failed("\(path) cannot be read")
        }
        guard case .object(let members)? = try? JSONValue([UInt8](data)) else {
            throw Failure.failed("\(path) is not a JSON object")
        }
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
            switch (name, value) {
            case ("data", .string(let path)): self.data = path
            case ("listen", .string(let address)): try setAddress(address)
            case ("rate_limit", .string(let rate)): try setRate(rate)
            case ("public_price_lists", .bool(let isPublic)): policy.isPriceListPublic = isPublic
            case ("loops", .number(let text)):
                guard let loops = Int(text), 1...Self.loopsMax ~= loops else {
                    throw Failure.failed("\(path): loops is a number from 1 to \(Self.loopsMax)")
                }
                self.loops = loops
            default: throw Failure.failed("\(path): no setting \(name) takes this value")
            }
        }
    }
}
