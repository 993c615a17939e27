internal import COpenAPI

/// The description of the API: one YAML file, and the same as JSON.
enum OpenAPIDocument {
    static let yaml: [UInt8] = {
        let file = unsafe copenapi_yaml()
        return unsafe Array(UnsafeBufferPointer(start: file.bytes, count: file.count))
    }()

    /// Read from the YAML once; a test proves that it can be.
    static let json: [UInt8] = {
        do throws(SimpleYAML.Unsupported) {
            return try SimpleYAML(yaml).json()
        } catch {
            return Array("{}".utf8)
        }
    }()
}
