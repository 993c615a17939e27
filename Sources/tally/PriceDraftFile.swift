import Credit
import Foundation
import Pricing

/// A price list in a file: the body of `PUT /v1/price-lists/{name}`.
struct PriceDraftFile {
    let draft: PriceList.Draft
    private let name: String

    /// Reads a file, `-` being standard input.
    init(path: String) throws {
        let text = try InputFile.bytes(of: path, limit: PriceListLimits.bodyBytesMax)
        name = path == "-" ? "draft" : Self.listName(of: path)
        do throws(PriceListError) {
            draft = try PriceList.Draft(json: text.span)
        } catch {
            throw Failure.failed("\(path): \(error.text)")
        }
    }

    /// The draft as a list that is in force, named as the file is.
    func list() throws -> PriceList {
        PriceList(
            name: try Name(name), version: 1, effectiveAt: .epoch, draft: draft)
    }

    /// The file's name without its folder and ending, where that is a name.
    private static func listName(of path: String) -> String {
        let file = path.split(separator: "/").last ?? ""
        let stem = file.split(separator: ".").first.map(String.init) ?? ""
        return (try? Name(stem)) == nil ? "draft" : stem
    }
}

extension PriceListError {
    /// The field, what it takes, and the code.
    var text: String { (field.map { "\($0): " } ?? "") + "\(detail) (\(code))" }
}

/// A file that is read whole, or standard input.
enum InputFile {
    static func bytes(of path: String, limit: Int) throws -> [UInt8] {
        let handle =
            path == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: path)
        guard let handle, let data = try? handle.read(upToCount: limit + 1) ?? Data() else {
            throw Failure.failed("\(path) cannot be read")
        }
        guard data.count <= limit else {
            throw Failure.failed("\(path) has more than \(limit) bytes")
        }
        return [UInt8](data)
    }
}
