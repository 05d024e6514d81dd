package import LLVMBridge
package import LoopIR
package import Targets
package import TensorIR

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
  /// The code of the kernels' pieces, each once, in order of first use, but for those that only count; then
  /// that of the microkernels that they call.
  package let codes: [KernelCode]
  /// For each of `codes` those that it calls, in the order of their numbers.
  package let callees: [[Int]]
  /// The code of kernels that only count: some instructions, which are emitted beside the entry, since an
  /// object of its own takes longer than what is in it.
  private let countingCodes: [KernelCode]
  /// The pieces of each kernel.
  private let pieces: [[KernelPiece]]
  /// For each piece of each kernel where its code is.
  private let places: [[Place]]

  /// Where a code is: in `codes`, or in `countingCodes`.
  private enum Place: Hashable {
    case own(Int)
    case beside(Int)
  }

  /// The effort that each of `codes` is worth in this program.
  package private(set) var levels: [Int] = []

  /// - Parameter threads: How many a call may use.
  package init(
    _ program: LoopProgram, target: TargetDescription, isProfiled: Bool = false, threads: Int = 1
  ) {
    self.program = program
    self.target = target
    self.isProfiled = isProfiled
    pieces = program.kernels.map { KernelPiece.pieces(of: $0, in: program) }
    var known: [KernelCode: Place] = [:]
    var (codes, countingCodes) = ([KernelCode](), [KernelCode]())
    places = pieces.map { pieces in
      pieces.map { piece in
        if let place = known[piece.code] { return place }
        let isCounting = piece.code.isCounting
        let place = isCounting ? Place.beside(countingCodes.count) : .own(codes.count)
        known[piece.code] = place
        if isCounting { countingCodes.append(piece.code) } else { codes.append(piece.code) }
        return place
      }
    }
    var numbers: [KernelCode: Int] = [:]
    var callees = codes.map { code in
      code.microkernels(for: target).map { callee in
        if let number = numbers[callee] { return number }
        numbers[callee] = codes.count
        codes.append(callee)
        return codes.count - 1
      }
    }
    callees += codes[callees.count...].map { _ in [] }
    (self.codes, self.callees, self.countingCodes) = (codes, callees, countingCodes)
    levels = worthwhileLevels(threads: threads)
  }

  /// The codes, by their place in `codes`, of the pieces of a kernel.
  func codes(of kernel: Int) -> [Int] {
    places[kernel].compactMap { if case .own(let code) = $0 { code } else { nil } }
  }

  /// How many functions of their own the kernels and their steps take.
  package var functionCount: Int { codes.count }

  /// The whole program as one module, whose entry has the given symbol.
  package func emitted(entry name: String) -> LLVMModule {
    let module = LLVMModule(name: program.name, target: target)
    for (number, code) in codes.enumerated() {
      code.emit(named: symbol(number, name), in: module) { symbol(callees[number][$0], name) }
    }
    emitEntry(name, in: module) { symbol($0, name) }
    return module
  }

  /// The entry as a module of its own, with the symbol of number 0; the code of the kernels has the
  /// numbers from one on, in the order of `codes`.
  package func emittedEntry() -> LLVMModule {
    let module = LLVMModule(name: "entry", target: target)
    emitEntry(Self.symbol(0), in: module) { Self.symbol($0 + 1) }
    return module
  }

  /// The effort that machine code of the entry takes: a long one, or one without loops and branches, is
  /// calls and little else.
  package var entryLevel: Int {
    let isStraight = program.steps.allSatisfy { step in
      switch step {
      case .kernel, .call: true
      case .loop, .branch: false
      }
    }
    return isStraight || program.kernels.count > EmissionCosts.Calls.longEntry ? 0 : 1
  }

  /// A code as a module of its own, with the symbol of number 0, whatever program it is part of; those that
  /// it calls have the numbers from one on.
  package static func module(of code: KernelCode, for target: TargetDescription) -> LLVMModule {
    let module = LLVMModule(name: "kernel", target: target)
    code.emit(named: symbol(0), in: module) { symbol($0 + 1) }
    return module
  }

  /// A code that a program may need, and what a call loses where it is made at level 0.
  package typealias Candidate = (code: KernelCode, loss: Double)

  /// The codes of the pieces of a kernel over numbered buffers of these types and of what they call, with
  /// what is lost at level 0, and about how long the kernel takes; nil where it breaks an invariant.
  package static func codes(
    of kernel: Kernel, slots types: [TensorType], for target: TargetDescription, threads: Int = 1
  ) -> (codes: [Candidate], duration: KernelDuration)? {
    var program = LoopProgram(name: "")
    program.buffers = types.map { Buffer(name: "", type: $0, storage: .arena(offset: 0)) }
    guard (try? kernel.verify(in: program)) != nil else { return nil }
    let duration = KernelDuration(kernel, in: program, for: target, threads: threads)
    let pieces = KernelPiece.pieces(of: kernel, in: program).map(\.code)
    let callees = pieces.flatMap { $0.microkernels(for: target) }
    return (
      callees.map { ($0, duration.microkernelLoss) } + pieces.map { ($0, duration.loss) }, duration
    )
  }

  /// The symbol of a number: always of one length, so that a linker that has one table of names for
  /// all programs can put other numbers in place.
  package static func symbol(_ number: Int) -> String {
    let digits = String(number, radix: 16)
    let zeros = String(repeating: "0", count: max(0, symbolDigits - digits.count))
    return symbolPrefix + zeros + digits
  }

  /// The number that a symbol is of; nil for other names.
  package static func number(ofSymbol name: String) -> Int? {
    guard name.hasPrefix(symbolPrefix) else { return nil }
    return Int(name.dropFirst(symbolPrefix.count), radix: 16)
  }

  /// How symbols of numbers start.
  package static let symbolPrefix = "adjoint_"
  /// How many hexadecimal digits follow.
  package static let symbolDigits = 8

  /// The names of the codes for readers: that of the first kernel that uses it, and the piece's number
  /// where that has several.
  package var codeNames: [String] {
    var names = [String](repeating: "", count: codes.count)
    for (kernel, places) in zip(program.kernels, places) {
      for case (let piece, .own(let code)) in places.enumerated() where names[code].isEmpty {
        names[code] = kernel.name + (places.count > 1 ? ".\(piece)" : "")
      }
    }
    for (number, code) in codes.enumerated() {
      if case .microkernel(let microkernel) = code.content { names[number] = microkernel.name }
    }
    return names
  }

  private func symbol(_ code: Int, _ entry: String) -> String { "\(entry).\(codeNames[code])" }

  /// The function of each kernel, and the byte of each slot's buffer it starts at: that of its only
  /// piece, or one that calls its pieces.
  private func functions(
    in module: LLVMModule, entry name: String, _ symbols: (Int) -> String
  ) -> [(code: LLVMFunction, offsets: [Int])] {
    func declared(_ code: Int) -> LLVMFunction {
      module.declareFunction(
        symbols(code), parameters: [module.pointer, module.i64, module.i64], returns: module.void)
    }
    let counting = countingCodes.enumerated().map { number, code in
      code.emit(named: "\(name).count\(number)", in: module) { _ in "" }
    }
    return program.kernels.indices.map { number in
      let (kernel, pieces) = (program.kernels[number], pieces[number])
      let functions = places[number].map { place in
        switch place {
        case .own(let code): declared(code)
        case .beside(let code): counting[code]
        }
      }
      if pieces.count == 1 { return (functions[0], pieces[0].memories.map(\.offset)) }
      let sequence = PieceSequence(kernel: kernel, pieces: pieces, functions: functions)
      let function = sequence.emit("\(name).\(kernel.name)", in: module)
      return (function, kernel.slots.map { _ in 0 })
    }
  }

  private func emitEntry(
    _ name: String, in module: LLVMModule, _ symbols: (Int) -> String
  ) {
    let pointer = module.pointer
    let functions = functions(in: module, entry: name, symbols)
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
