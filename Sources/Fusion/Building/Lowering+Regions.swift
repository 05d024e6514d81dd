internal import LoopIR
internal import TensorIR

/// What the steps of a region depend on, but for which buffers it works on.
struct RegionKey: Hashable {
  let region: Region
  /// What the comparison of places leaves out, for each operation.
  let places: [UInt]
  /// For each buffer that the region works on its rank among them, what storage it has, and the rank of
  /// what it is part of; -1 for a result that needs no memory.
  let bindings: [Int]

  fileprivate init(_ region: Region, _ bound: [BufferID?], _ program: LoopProgram) {
    self.region = region
    places = region.hiddenPlaces
    let known = Set(bound.compactMap { $0 } + bound.compactMap { $0.map(program.root) })
    let ranks = Dictionary(
      uniqueKeysWithValues: known.sorted().enumerated().map { ($0.element, $0.offset) })
    bindings = bound.flatMap { buffer -> [Int] in
      guard let buffer else { return [-1] }
      return [
        ranks[buffer] ?? -1, program.buffers[buffer.index].storage.kind,
        ranks[program.root(of: buffer)] ?? -1,
      ]
    }
  }
}

/// The steps of a region with all that they use, to be put elsewhere.
struct RegionTemplate {
  /// How the name of a buffer is made.
  private enum Naming {
    case fixed
    /// A prefix, and the buffer's number.
    case numbered(String)
    /// What the buffer is part of, and the counter that it moves with.
    case slice
    /// What the buffer is another shape of.
    case reshaped
  }

  /// The buffers that the region works on.
  private let bound: [BufferID?]
  /// Constants that were there before, which the steps use.
  private let earlierConstants: [(buffer: BufferID, literal: Literal)]
  private let firstBuffer: Int
  private let buffers: [Buffer]
  private let namings: [Naming]
  private let firstCounter: Int
  private let counterCount: Int
  private let firstKernel: Int
  private let kernels: [Kernel]
  private let steps: [Step]

  /// Where the tables of a program end.
  struct Ends {
    let buffers: Int
    let counters: Int
    let kernels: Int

    init(_ program: LoopProgram) {
      (buffers, counters) = (program.buffers.count, program.counterCount)
      kernels = program.kernels.count
    }
  }

  /// What steps were added to a program; nil where they use what belongs to others.
  ///
  /// - Parameter start: where the tables ended before.
  fileprivate init?(
    _ steps: [Step], _ bound: [BufferID?], from start: Ends, in program: LoopProgram
  ) {
    self.steps = steps
    self.bound = bound
    (firstBuffer, firstCounter, firstKernel) = (start.buffers, start.counters, start.kernels)
    buffers = Array(program.buffers[firstBuffer...])
    counterCount = program.counterCount - firstCounter
    kernels = Array(program.kernels[firstKernel...])
    var used = Set(kernels.flatMap(\.slots) + buffers.compactMap { $0.view?.base })
    steps.forEachStep { used.formUnion($0.ownBuffers) }
    var constants: [(buffer: BufferID, literal: Literal)] = []
    let own = Set(bound.compactMap { $0 })
    for buffer in used.sorted() where buffer.index < firstBuffer && !own.contains(buffer) {
      guard case .constant(let literal) = program.buffers[buffer.index].storage else { return nil }
      constants.append((buffer, literal))
    }
    earlierConstants = constants
    let (first, counter) = (firstBuffer, firstCounter)
    guard buffers.allSatisfy({ $0.home == nil && $0.trail == nil && $0.origin == nil }),
      buffers.allSatisfy({ $0.view?.strides.allSatisfy { $0.counter.index >= counter } ?? true })
    else { return nil }
    namings = buffers.enumerated().map { place, buffer in
      guard let view = buffer.view else {
        let number = "\(first + place)"
        let isNumbered = buffer.name.dropFirst() == number
        return isNumbered ? .numbered(String(buffer.name.prefix(1))) : .fixed
      }
      let base = program.buffers[view.base.index].name
      if buffer.name == base + "_r" { return .reshaped }
      let isSlice = view.strides.first.map { buffer.name == "\(base)_\($0.counter.index)" }
      return isSlice == true ? .slice : .fixed
    }
  }

  /// Puts the steps behind what a program has.
  ///
  /// - Parameters:
  ///   - others: the buffers that take the place of those that the region worked on.
  ///   - constant: the buffer of a constant.
  ///   - kernelName: the name of the next kernel.
  fileprivate func placed(
    on others: [BufferID?], in lowering: inout Lowering,
    constant: (Literal, inout Lowering) -> BufferID
  ) -> [Step] {
    var places: [BufferID: BufferID] = [:]
    for case (let old?, let new?) in zip(bound, others) { places[old] = new }
    for (buffer, literal) in earlierConstants { places[buffer] = constant(literal, &lowering) }
    let counterShift = lowering.program.counterCount - firstCounter
    func moved(_ counter: CounterID) -> CounterID { CounterID(counter.index + counterShift) }
    for (number, var buffer) in buffers.enumerated() {
      let old = BufferID(firstBuffer + number)
      if case .constant(let literal) = buffer.storage {
        places[old] = constant(literal, &lowering)
        continue
      }
      if var view = buffer.view {
        view.base = places[view.base] ?? view.base
        view.strides = view.strides.map {
          Buffer.Stride(moved($0.counter), byteCount: $0.byteCount)
        }
        buffer.storage = .view(view)
      }
      let count = lowering.program.buffers.count
      let base = buffer.view.map { lowering.program.buffers[$0.base.index].name } ?? ""
      switch namings[number] {
      case .fixed: break
      case .numbered(let prefix): buffer.name = "\(prefix)\(count)"
      case .slice: buffer.name = "\(base)_\(buffer.view?.strides.first?.counter.index ?? 0)"
      case .reshaped: buffer.name = base + "_r"
      }
      places[old] = BufferID(count)
      lowering.program.buffers.append(buffer)
    }
    let kernelShift = lowering.program.kernels.count - firstKernel
    for var kernel in kernels {
      kernel.slots = kernel.slots.map { places[$0] ?? $0 }
      kernel.name = lowering.scheduler.nextKernelName()
      lowering.program.kernels.append(kernel)
    }
    lowering.program.counterCount += counterCount
    return steps.mappingBuffers { places[$0] ?? $0 }
      .mappingKernels { $0 + kernelShift }
      .mappingLoops { $0.counter = moved($0.counter) }
  }
}

extension Lowering {
  /// The steps of a region: lowered, or those of an equal one on other buffers.
  mutating func steps(of region: Region, _ bindings: RegionBindings) throws -> [Step] {
    // What is counted has to be done.
    if scheduler.isReporting { return try newSteps(of: region, bindings) }
    let bound = bindings.parameters.map(Optional.some) + bindings.results
    let key = RegionKey(region, bound, program)
    if let known = scheduler.cache.regions[key] {
      return known.placed(on: bound, in: &self) { $1.buffer(of: $0) }
    }
    let start = RegionTemplate.Ends(program)
    let steps = try newSteps(of: region, bindings)
    scheduler.cache.regions[key] = RegionTemplate(steps, bound, from: start, in: program)
    return steps
  }
}

extension Buffer.Storage {
  /// Whose memory it is, as a number.
  fileprivate var kind: Int {
    switch self {
    case .argument: 0
    case .result: 1
    case .arena: 2
    case .constant: 3
    case .view: 4
    }
  }
}

extension Function {
  /// What the comparison of places leaves out, for each operation, those of regions too.
  fileprivate var hiddenPlaces: [UInt] {
    operations.flatMap { $0.location.hidden + $0.op.regions.flatMap(\.hiddenPlaces) }
  }
}
