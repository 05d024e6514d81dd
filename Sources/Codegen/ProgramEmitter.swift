package import LLVMBridge
package import LoopIR
package import Targets
internal import TensorIR

/// Emits a loop program's entry point, and its kernels as functions it calls.
///
/// The entry is `void name(pointer arguments, pointer results, pointer arena, pointer context)`:
/// arrays of pointers to the caller's buffers, the arena's start, and the runtime's context, whose
/// first field is the function that shares a kernel's blocks among threads. A result that stands in a
/// donated argument's memory (`LoopProgram.donations`) is written there, whatever its pointer says. A profiled entry also
/// calls the function at the context's byte 16 with the context and a number: before each kernel
/// with the kernel's number, and at the end with how many kernels there are. Loops and branches of
/// steps are loops and branches of the entry.
package struct ProgramEmitter {
  /// The program that is emitted.
  package let program: LoopProgram
  /// The target code is for.
  package let target: TargetDescription
  /// Whether the entry tells the context when each kernel starts.
  package let isProfiled: Bool
  /// The code of the kernels' pieces, each once, in order of first use.
  private let codes: [KernelCode]
  /// The pieces of each kernel.
  private let pieces: [[KernelPiece]]
  /// For each piece of each kernel its code's place in `codes`.
  private let places: [[Int]]

  package init(_ program: LoopProgram, target: TargetDescription, isProfiled: Bool = false) {
    self.program = program
    self.target = target
    self.isProfiled = isProfiled
    pieces = program.kernels.map { KernelPiece.pieces(of: $0, in: program) }
    var known: [KernelCode: Int] = [:]
    var codes = [KernelCode]()
    places = pieces.map { pieces in
      pieces.map { piece in
        if let place = known[piece.code] { return place }
        known[piece.code] = codes.count
        codes.append(piece.code)
        return codes.count - 1
      }
    }
    self.codes = codes
  }

  /// How many functions the kernels and their steps take.
  package var functionCount: Int { codes.count }

  /// The whole program as one module, whose entry has the given symbol.
  package func emitted(entry name: String) -> LLVMModule {
    emitted(entry: name, parts: 1)[0]
  }

  /// The program as at most `parts` modules that take about as long to compile: the first has the
  /// entry, with the given symbol, and all have some of the kernels.
  package func emitted(entry name: String, parts: Int) -> [LLVMModule] {
    let places = distributed(over: parts)
    let modules = (0...(places.max() ?? 0)).map { _ in
      LLVMModule(name: program.name, target: target)
    }
    for (number, (code, place)) in zip(codes, places).enumerated() {
      KernelEmitter(code.kernel, named: symbol(number, name), modules[place]).emit()
    }
    emitEntry(name, in: modules[0])
    return modules
  }

  /// A part for each code: heavy ones first, each to the part with the least so far.
  private func distributed(over parts: Int) -> [Int] {
    var places = [Int](repeating: 0, count: codes.count)
    let weights = codes.map(\.weight)
    guard parts > 1, weights.reduce(0, +) > Self.dividedWeight else { return places }
    var sums = [Int](repeating: 0, count: min(parts, codes.count))
    for code in codes.indices.sorted(by: { (weights[$1], $0) < (weights[$0], $1) }) {
      let part = sums.indices.min { sums[$0] < sums[$1] } ?? 0
      places[code] = part
      sums[part] += weights[code]
    }
    return places
  }

  /// Programs of less weight compile faster than another thread wakes up and another object links.
  private static let dividedWeight = 400

  /// The symbol of a code: the name of the first kernel that uses it, and the piece's number where
  /// that has several.
  private func symbol(_ code: Int, _ entry: String) -> String {
    for (kernel, places) in zip(program.kernels, places) {
      guard let piece = places.firstIndex(of: code) else { continue }
      return "\(entry).\(kernel.name)" + (places.count > 1 ? ".\(piece)" : "")
    }
    return entry
  }

  /// The function of each kernel, and the byte of each slot's buffer it starts at: that of its only
  /// piece, or one that calls its pieces.
  private func functions(
    in module: LLVMModule, entry name: String
  ) -> [(code: LLVMFunction, offsets: [Int])] {
    let codes = codes.indices.map { code in
      module.declareFunction(
        symbol(code, name), parameters: [module.pointer, module.i64, module.i64],
        returns: module.void)
    }
    return program.kernels.indices.map { number in
      let (kernel, pieces) = (program.kernels[number], pieces[number])
      let functions = places[number].map { codes[$0] }
      if pieces.count == 1 { return (functions[0], pieces[0].memories.map(\.offset)) }
      let sequence = PieceSequence(kernel: kernel, pieces: pieces, functions: functions)
      let function = sequence.emit("\(name).\(kernel.name)", in: module)
      return (function, kernel.slots.map { _ in 0 })
    }
  }

  private func emitEntry(_ name: String, in module: LLVMModule) {
    let pointer = module.pointer
    let functions = functions(in: module, entry: name)
    let entry = module.addFunction(
      name, parameters: [pointer, pointer, pointer, pointer], returns: module.void)
    EntryEmitter(program, entry, functions, isProfiled: isProfiled, in: module).emit()
  }
}

extension Kernel {
  /// The blocks of the kernel's parallel loop; nil where it has none.
  package var blockCount: Int? {
    for node in body {
      if case .loop(let loop) = node, loop.schedule == .parallel {
        return variables[loop.variable.index].extent
      }
    }
    return nil
  }
}
