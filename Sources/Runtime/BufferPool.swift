import Synchronization
internal import TensorIR

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Memory for tensors: 64-byte aligned blocks that are kept for the next tensor when freed.
///
/// Sizes are rounded up to one of four steps per doubling, so a block serves again when a program
/// runs again, and large results do not fault in fresh pages on every call.
package enum BufferPool {
  /// The alignment of every block, in bytes: a cache line and the widest vector.
  package static let alignment = 64
  /// Blocks of at least this many bytes start at a huge page, and ask for huge pages.
  private static let hugePage = 2 << 20
  /// Free blocks are given back to the system beyond this many bytes.
  private static let keptByteLimit = 1 << 28

  /// Heads of the free lists, one per size class, and how much they hold; a free block's first word
  /// is the address of the next one.
  private struct FreeLists {
    var heads = [UInt](repeating: 0, count: 256)
    var byteCount = 0

    /// Takes the address of a free block of at least `byteCount` bytes; zero where there is none.
    mutating func take(_ byteCount: Int) -> UInt {
      let (index, size) = sizeClass(for: byteCount)
      let head = heads[index]
      guard let block = UnsafeRawPointer(bitPattern: head) else { return 0 }
      heads[index] = block.load(as: UInt.self)
      self.byteCount -= size
      return head
    }
  }

  private static let freeLists = Mutex(FreeLists())

  /// The number of the smallest class that holds `byteCount` bytes, and that class's block size.
  static func sizeClass(for byteCount: Int) -> (index: Int, byteCount: Int) {
    let units = UInt(max(byteCount, 1) - 1) / UInt(alignment)
    guard units >= 4 else { return (Int(units), (Int(units) + 1) * alignment) }
    let exponent = UInt.bitWidth - 1 - units.leadingZeroBitCount
    let quarter = (units >> UInt(exponent - 2)) & 3
    let size = ((4 + quarter + 1) << UInt(exponent - 2)) * UInt(alignment)
    return (4 * (exponent - 1) + Int(quarter), Int(size))
  }

  /// A block of at least `byteCount` bytes with undefined contents.
  ///
  /// - Throws: `AdjointError` where the system has no such memory.
  package static func allocate(byteCount: Int) throws -> UnsafeMutableRawPointer {
    guard byteCount <= Int.max / 4 else { throw outOfMemory(byteCount) }
    let address = freeLists.withLock { $0.take(byteCount) }
    if let block = UnsafeMutableRawPointer(bitPattern: address) { return block }
    return try systemBlock(byteCount)
  }

  /// A block for each size.
  ///
  /// - Throws: `AdjointError` where the system has no such memory; then no block is taken.
  package static func allocate(_ byteCounts: [Int]) throws -> [UnsafeMutableRawPointer] {
    var blocks = [UnsafeMutableRawPointer]()
    blocks.reserveCapacity(byteCounts.count)
    do {
      for byteCount in byteCounts { blocks.append(try allocate(byteCount: byteCount)) }
    } catch {
      for (block, byteCount) in zip(blocks, byteCounts) { deallocate(block, byteCount: byteCount) }
      throw error
    }
    return blocks
  }

  /// A block from the system.
  private static func systemBlock(_ byteCount: Int) throws -> UnsafeMutableRawPointer {
    let size = sizeClass(for: byteCount).byteCount
    let isLarge = size >= hugePage
    var block: UnsafeMutableRawPointer?
    guard posix_memalign(&block, isLarge ? hugePage : alignment, size) == 0, let block else {
      throw outOfMemory(byteCount)
    }
    #if canImport(Glibc)
      // Walking columns of a large matrix touches a page for each row.
      if isLarge { madvise(block, size, MADV_HUGEPAGE) }
    #endif
    return block
  }

  /// Gives back a block.
  ///
  /// - Requires: `block` came from `allocate` with the same `byteCount` and is not used any more.
  package static func deallocate(_ block: UnsafeMutableRawPointer, byteCount: Int) {
    let (index, size) = sizeClass(for: byteCount)
    let address = UInt(bitPattern: block)
    let isKept = freeLists.withLock { lists -> Bool in
      guard lists.byteCount + size <= keptByteLimit else { return false }
      UnsafeMutableRawPointer(bitPattern: address)?.storeBytes(
        of: lists.heads[index], as: UInt.self)
      lists.heads[index] = address
      lists.byteCount += size
      return true
    }
    if !isKept { free(block) }
  }

  private static func outOfMemory(_ byteCount: Int) -> AdjointError {
    AdjointError(.system, "no memory for \(byteCount) bytes")
  }
}
