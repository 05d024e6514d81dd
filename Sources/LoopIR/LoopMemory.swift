internal import TensorIR

/// Bytes that know whether they were written.
struct MemoryRegion {
  private(set) var bytes: [UInt8]
  private var isWritten: [Bool]

  /// Bytes that nothing wrote.
  init(byteCount: Int) {
    bytes = [UInt8](repeating: 0, count: byteCount)
    isWritten = [Bool](repeating: false, count: byteCount)
  }

  /// Bytes with a content.
  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    isWritten = [Bool](repeating: true, count: bytes.count)
  }

  /// The element at a byte offset; nil where some of its bytes were never written.
  func read(_ element: ElementType, at offset: Int) -> Number? {
    let range = offset..<(offset + element.byteCount)
    guard isWritten[range].allSatisfy({ $0 }) else { return nil }
    return Number(Literal(TensorType([], element), bytes: Array(bytes[range])))
  }

  /// Puts bytes at a byte offset.
  mutating func write(_ content: [UInt8], at offset: Int) {
    for (position, byte) in content.enumerated() {
      bytes[offset + position] = byte
      isWritten[offset + position] = true
    }
  }

  /// Makes every byte undefined.
  mutating func forget() {
    for position in isWritten.indices { isWritten[position] = false }
  }

  /// The first byte that nothing wrote.
  var firstUnwritten: Int? { isWritten.firstIndex(of: false) }
}

/// The memory that kernels share: one region for the arena and one for each other buffer.
struct LoopMemory {
  private var regions: [MemoryRegion]
  /// A place in memory: a region, and the offset in it.
  typealias Place = (region: Int, offset: Int)

  /// Where each buffer stands that is no view; views have no place of their own.
  private(set) var places: [Place] = []
  /// What each view is part of.
  private let views: [Buffer.View?]
  /// The counters of the loops around.
  var counters: [Int]

  /// No memory.
  init() {
    regions = []
    counters = []
    views = []
  }

  /// Memory at the start of a call.
  init(_ program: LoopProgram, arguments: [Literal]) throws {
    regions = [MemoryRegion(byteCount: program.arenaByteCount)]
    counters = [Int](repeating: 0, count: program.counterCount)
    views = program.buffers.map { buffer in
      if case .view(let view) = buffer.storage { view } else { nil }
    }
    var expected = 0
    for buffer in program.buffers {
      switch buffer.storage {
      case .arena(let offset):
        places.append((0, offset))
        continue
      case .view:
        places.append((0, 0))
        continue
      case .argument(let position):
        expected = max(expected, position + 1)
        guard arguments.indices.contains(position), arguments[position].type == buffer.type else {
          throw AdjointError(
            .argument, "argument \(position) of \(program.name) must be a \(buffer.type)")
        }
        regions.append(MemoryRegion(arguments[position].denseBytes))
      case .result: regions.append(MemoryRegion(byteCount: buffer.type.byteCount))
      case .constant(let literal): regions.append(MemoryRegion(literal.denseBytes))
      }
      places.append((regions.count - 1, 0))
    }
    for (position, buffer) in program.buffers.enumerated() {
      if let home = buffer.home { places[position] = places[home.index] }
    }
    guard arguments.count >= expected else {
      throw AdjointError(.argument, "\(program.name) takes \(expected) arguments")
    }
  }

  /// Where a buffer stands now.
  private func place(of buffer: BufferID) -> Place {
    guard let view = views[buffer.index] else { return places[buffer.index] }
    var place = place(of: view.base)
    place.offset += view.offset
    for stride in view.strides { place.offset += counters[stride.counter.index] * stride.byteCount }
    return place
  }

  /// Exchanges the memory of the two buffers of each carry that does so.
  mutating func exchange(_ carries: [StepCarry], in program: LoopProgram) {
    for carry in carries where program.isExchanged(carry) {
      places.swapAt(carry.current.index, carry.next.index)
    }
  }

  /// Puts buffers back to where they stood.
  mutating func restore(_ places: [Place]) { self.places = places }

  /// An element of a buffer; nil where nothing wrote it.
  func read(_ buffer: BufferID, _ element: ElementType, at address: Int) -> Number? {
    let (region, offset) = place(of: buffer)
    return regions[region].read(element, at: offset + address * element.byteCount)
  }

  /// Puts an element's bytes into a buffer.
  mutating func write(_ bytes: [UInt8], to buffer: BufferID, at address: Int) {
    let (region, offset) = place(of: buffer)
    regions[region].write(bytes, at: offset + address * bytes.count)
  }

  /// The results by position.
  func results(of program: LoopProgram) throws -> [Literal] {
    var results: [(position: Int, literal: Literal)] = []
    for (buffer, place) in zip(program.buffers, places) {
      guard case .result(let position) = buffer.storage else { continue }
      let region = regions[place.region]
      if let byte = region.firstUnwritten {
        let element = byte / buffer.type.element.byteCount
        throw AdjointError(.type, "element \(element) of result \(buffer.name) is never written")
      }
      results.append((position, Literal(buffer.type, bytes: region.bytes)))
    }
    return results.sorted { $0.position < $1.position }.map(\.literal)
  }
}
