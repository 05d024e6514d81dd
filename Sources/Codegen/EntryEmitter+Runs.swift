internal import LLVMBridge
internal import LoopIR

// Calls of one function, one after the other, as a loop over a table.
//
//     for i in 0..<calls {
//       for slot in slots { slots[slot] = bases[table[i][slot].base][table[i][slot].number] + offset }
//       code(slots, 0, 1)
//     }
//
// A program with the same step for each of a thousand tensors has an entry of a few dozen instructions then,
// instead of one that takes longer to compile than its kernels.

/// Calls of one function that follow one another.
struct KernelRun {
  /// The kernels, by number.
  let kernels: [Int]
  /// The buffers of each call that are no more than a place in memory that is there when the program
  /// starts.
  let places: [[KernelPlace]]
}

/// Memory that is there when a program starts.
struct KernelPlace {
  /// Which array of pointers has where it starts: that of the arguments, that of the results, or one
  /// with the arena alone.
  let base: Int
  /// The pointer's number in it.
  let number: Int
  /// How many bytes behind it the memory starts.
  var offset: Int
}

extension EntryEmitter {
  /// The bytes of a place in the table.
  private static let placeBytes = 24

  /// The runs among a program's outermost steps, by the position of their first step.
  ///
  /// Programs with loops have none, since loops exchange what stands where.
  static func runs(
    in program: LoopProgram, _ functions: [(code: LLVMFunction, offsets: [Int])]
  ) -> [Int: KernelRun] {
    var runs: [Int: KernelRun] = [:]
    var kernels = [Int]()
    var places = [[KernelPlace]]()
    func finish(before position: Int) {
      if kernels.count >= EmissionCosts.Calls.leastRun {
        runs[position - kernels.count] = KernelRun(kernels: kernels, places: places)
      }
      (kernels, places) = ([], [])
    }
    for (position, step) in program.steps.enumerated() {
      switch step {
      case .loop: return [:]
      case .branch(let branch) where branch.ways.contains { !$0.allSatisfy(\.isKernel) }: return [:]
      case .branch, .call: finish(before: position)
      case .kernel(let number):
        guard let own = program.places(of: number, from: functions[number].offsets) else {
          finish(before: position)
          continue
        }
        if let first = kernels.first,
          functions[first].code.value != functions[number].code.value
            || program.kernels[first].blockCount != program.kernels[number].blockCount
        {
          finish(before: position)
        }
        kernels.append(number)
        places.append(own)
      }
    }
    finish(before: program.steps.count)
    return runs
  }

  /// Emits a run.
  func emit(_ run: KernelRun) {
    let slotCount = run.places[0].count
    let rowBytes = slotCount * Self.placeBytes
    let table = module.addConstantData(
      bytes: run.places.joined().flatMap(\.words).flatMap { word in
        withUnsafeBytes(of: Int64(word).littleEndian) { Array($0) }
      }, name: "calls\(run.kernels[0])")
    let before = builder.currentBlock
    let head = builder.appendBlock("call")
    let after = builder.appendBlock("called")
    builder.br(head)
    builder.position(at: head)
    let count = builder.phi(module.i64)
    builder.addIncoming(count, builder.int(0, module.i64), from: before)
    let row = builder.gep(
      module.i8, table, builder.mul(count, builder.int(rowBytes, module.i64)))
    for slot in 0..<slotCount {
      let words = (0..<3).map { word in
        builder.load(
          module.i64, builder.gep(row, bytes: slot * Self.placeBytes + word * 8), alignment: 8)
      }
      let base = builder.load(
        module.pointer, builder.gep(module.i8, bases, words[0]), alignment: 8)
      let start = builder.load(
        module.pointer, builder.gep(module.i8, base, words[1]), alignment: 8)
      builder.store(
        builder.gep(module.i8, start, words[2]), builder.gep(slots, bytes: slot * 8), alignment: 8)
    }
    emitCall(of: run.kernels[0])
    let next = builder.add(count, builder.int(1, module.i64))
    builder.addIncoming(count, next, from: builder.currentBlock)
    builder.condBr(
      builder.icmp(.eq, next, builder.int(run.kernels.count, module.i64)), after, head)
    builder.position(at: after)
  }
}

extension KernelPlace {
  /// Bytes, as the table has them.
  fileprivate var words: [Int] { [base * 8, number * 8, offset] }
}

extension Step {
  /// Whether the step is a kernel.
  fileprivate var isKernel: Bool {
    switch self {
    case .kernel: true
    case .loop, .branch, .call: false
    }
  }
}

/// Calls with more buffers are written out.
private let slotLimit = 32

extension LoopProgram {
  /// Where a kernel's buffers start, with so many bytes left out; nil where some are found out only when
  /// it runs, or are constants.
  fileprivate func places(of kernel: Int, from offsets: [Int]) -> [KernelPlace]? {
    guard !kernels[kernel].hasUnboundedLoops, !kernels[kernel].usesScratch,
      kernels[kernel].slots.count <= slotLimit
    else {
      return nil
    }
    var places = [KernelPlace]()
    for (buffer, offset) in zip(kernels[kernel].slots, offsets) {
      guard var place = place(ofStart: buffer) else { return nil }
      place.offset += offset
      places.append(place)
    }
    return places
  }

  private func place(ofStart buffer: BufferID) -> KernelPlace? {
    if case .view(let view) = buffers[buffer.index].storage {
      guard view.strides.isEmpty, var place = place(ofStart: view.base) else { return nil }
      place.offset += view.offset
      return place
    }
    switch place(of: buffer) {
    case .argument(let number): return KernelPlace(base: 0, number: number, offset: 0)
    case .result(let number): return KernelPlace(base: 1, number: number, offset: 0)
    case .arena(let offset): return KernelPlace(base: 2, number: 0, offset: offset)
    case .constant, .view: return nil
    }
  }
}
