import API
import HTTP
import Wire

/// What `tally serve` is asked to do: options, else the environment, else the configuration file, else
/// the usual.
struct ServeOptions {
    static let names: Set<String> = [
        "--data", "--listen", "--config", "--loops", "--rate-limit", "--log",
    ]
    static let flags: Set<String> = ["--public-price-lists"]
    private static let loopsMax = 64
    /// What every variable of the environment begins with that says a setting.
    private static let prefix = "TALLY_"

    /// A setting as the environment and the configuration file name it.
    private enum Setting: String, CaseIterable {
        case data
        case listen
        case loops
        case rateLimit = "rate_limit"
        case publicPriceLists = "public_price_lists"
        case log

        var variable: String { prefix + rawValue.uppercased() }
        var option: String { "--" + rawValue.replacing("_", with: "-") }
    }

    var data = DataOption.usual
    var address = HTTPAddress(host: "127.0.0.1", port: 8080)
    var loops = 1
    var limits = APILimits()
    var policy = APIPolicy()
    var logFormat = ServerLog.Format.text

    init(_ text: [String], environment: [String: String]) throws {
        let arguments = try Arguments(text, options: Self.names, flags: Self.flags)
        guard arguments.values.isEmpty else {
            throw Failure.usage("unexpected \(arguments.values[0])")
        }
        let file = try arguments.value("--config") ?? environment[Self.prefix + "CONFIG"]
        if let file { try read(file) }
        for setting in Setting.allCases {
            guard let value = environment[setting.variable] else { continue }
            try set(setting, value, from: setting.variable)
        }
        for setting in Setting.allCases where setting != .publicPriceLists {
            guard let value = try arguments.value(setting.option) else { continue }
            try set(setting, value, from: setting.option)
        }
        if arguments.has(Setting.publicPriceLists.option) { policy.isPriceListPublic = true }
    }

    /// Takes a setting over; `source` is where it was found, for messages.
    private mutating func set(_ setting: Setting, _ value: String, from source: String) throws {
        switch setting {
        case .data: data = value
        case .listen: try setAddress(value, from: source)
        case .loops:
            guard let loops = Int(value), 1...Self.loopsMax ~= loops else {
                throw Failure.usage("\(source) needs a number from 1 to \(Self.loopsMax)")
            }
            self.loops = loops
        case .rateLimit: try setRate(value, from: source)
        case .publicPriceLists:
            guard let isPublic = Bool(value) else {
                throw Failure.usage("\(source) is true or false")
            }
            policy.isPriceListPublic = isPublic
        case .log:
            guard let format = ServerLog.Format(rawValue: value) else {
                throw Failure.usage("\(source) is text or json")
            }
            logFormat = format
        }
    }

    private mutating func setAddress(_ text: String, from source: String) throws {
        do {
            address = try HTTPAddress(text)
        } catch {
            throw Failure.usage("\(source) needs an address such as 127.0.0.1:8080, not \(text)")
        }
    }

    /// Reads `600/60`: requests of one customer key in so many seconds; `off` for no limit.
    private mutating func setRate(_ text: String, from source: String) throws {
        guard text != "off" else {
            limits.rateRequestsMax = 0
            return
        }
        let parts = text.split(separator: "/").compactMap { Int($0) }
        guard parts.count == 2, 1...1_000_000 ~= parts[0], 1...86_400 ~= parts[1] else {
            throw Failure.usage("\(source) is REQUESTS/SECONDS, such as 600/60, or off")
        }
        limits.rateRequestsMax = parts[0]
        limits.rateSeconds = parts[1]
    }

    /// Reads a JSON object whose members are named like the options.
    private mutating func read(_ path: String) throws {
        let text = try FileBytes.read(path)
        guard case .object(let members)? = try? JSONValue(text) else {
            throw Failure.failed("\(path) is not a JSON object")
        }
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
            guard let setting = Setting(rawValue: name) else {
                throw Failure.failed("\(path): there is no setting \(name)")
            }
            let text: String? =
                switch value {
                case .string(let text): text
                case .bool(let isOn): "\(isOn)"
                case .number(let digits): digits
                default: nil
                }
            guard let text else { throw Failure.failed("\(path): \(name) is a plain value") }
            do {
                try set(setting, text, from: "\(path): \(name)")
            } catch Failure.usage(let message) {
                throw Failure.failed(message)
            }
        }
    }
}
