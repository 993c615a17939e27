public import Credit

/// What writes itself as one JSON value.
public protocol JSONWritable {
    /// Appends the value.
    func write(to bytes: inout [UInt8])
}

extension String: JSONWritable {
    @inlinable
    public func write(to bytes: inout [UInt8]) {
        bytes.append(jsonString: self)
    }
}

extension Bool: JSONWritable {
    @inlinable
    public func write(to bytes: inout [UInt8]) {
        bytes.append(text: self ? "true" : "false")
    }
}

extension UInt64: JSONWritable {
    @inlinable
    public func write(to bytes: inout [UInt8]) {
        bytes.append(decimal: self)
    }
}

extension Int64: JSONWritable {
    @inlinable
    public func write(to bytes: inout [UInt8]) {
        bytes.append(decimal: self)
    }
}

extension Int: JSONWritable {
    @inlinable
    public func write(to bytes: inout [UInt8]) {
        bytes.append(decimal: Int64(self))
    }
}

extension Credits: JSONWritable {
    @inlinable
    public func write(to bytes: inout [UInt8]) {
        bytes.append(credits: self)
    }
}

extension Instant: JSONWritable {
    public func write(to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        bytes.append(instant: self)
        bytes.append(UInt8(ascii: "\""))
    }
}

extension Name: JSONWritable {
    public func write(to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        bytes.append(text: text)
        bytes.append(UInt8(ascii: "\""))
    }
}

extension ID: JSONWritable {
    public func write(to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        bytes.append(id: self)
        bytes.append(UInt8(ascii: "\""))
    }
}

extension Optional: JSONWritable where Wrapped: JSONWritable {
    @inlinable
    public func write(to bytes: inout [UInt8]) {
        switch self {
        case .some(let value): value.write(to: &bytes)
        case .none: bytes.append(text: "null")
        }
    }
}
