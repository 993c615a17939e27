/// Blocks of plain values that a copy shares until one of both changes a block.
///
/// What a ledger holds lies in such blocks: an access follows two pointers and counts no
/// references, and a copy for a checkpoint costs the writer one block at a time.
@safe
struct BlockList<Element: BitwiseCopyable & Sendable> {
    /// The owner of one block's memory; only a list that is its sole holder writes to it.
    @safe
    private final class Block: @unchecked Sendable {
        let base: UnsafeMutablePointer<Element>

        init(_ count: Int, filledWith element: Element) {
            unsafe base = .allocate(capacity: count)
            unsafe base.initialize(repeating: element, count: count)
        }

        init(_ count: Int, copying other: Block) {
            unsafe base = .allocate(capacity: count)
            unsafe base.initialize(from: other.base, count: count)
        }

        deinit {
            unsafe base.deallocate()
        }
    }

    /// How many elements a block has.
    let blockCount: Int
    private var blocks: [Block] = []
    /// Where each block begins: what `blocks` hold, found without touching their counts.
    private var bases: [UnsafeMutablePointer<Element>] = unsafe []

    init(blockCount: Int) {
        self.blockCount = blockCount
    }

    /// How many blocks there are.
    var count: Int { blocks.count }

    /// Adds a block full of one value.
    mutating func append(filledWith element: Element) {
        let block = Block(blockCount, filledWith: element)
        blocks.append(block)
        unsafe bases.append(block.base)
    }

    /// The element at a place of a block.
    subscript(block: Int, place: Int) -> Element {
        @inline(__always) _read {
            precondition(place >= 0 && place < blockCount)
            yield unsafe bases[block][place]
        }
        @inline(__always) _modify {
            precondition(place >= 0 && place < blockCount)
            if !isKnownUniquelyReferenced(&blocks[block]) { copy(block) }
            yield unsafe &bases[block][place]
        }
    }

    /// Changes several elements of a block at once; `body` must stay within the block.
    @inline(__always)
    mutating func change(_ block: Int, _ body: (UnsafeMutablePointer<Element>) -> Void) {
        if !isKnownUniquelyReferenced(&blocks[block]) { copy(block) }
        unsafe body(bases[block])
    }

    private mutating func copy(_ index: Int) {
        let block = Block(blockCount, copying: blocks[index])
        blocks[index] = block
        unsafe bases[index] = block.base
    }

    /// Asks for the memory of an element.
    @inline(__always)
    func prefetch(_ block: Int, _ place: Int) {
        unsafe Memory.prefetch(bases[block] + place)
    }
}

// The pointers lead into blocks that the list holds and that nobody writes to while shared.
extension BlockList: @unchecked Sendable {}
