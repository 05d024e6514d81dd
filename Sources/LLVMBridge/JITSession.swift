internal import CLLVM
import Synchronization

/// The process's linker for object code: places objects in memory and finds their functions.
///
/// LLVM's session is thread-safe for what this type does: adding objects, looking up names,
/// removing objects. See <https://llvm.org/docs/ORCv2.html>.
package final class JITSession: @unchecked Sendable {
  /// LLVM's just-in-time linker; only its object layer is used.
  private let jit: OpaquePointer
  /// The table of names that all objects share.
  private let library: OpaquePointer
  /// The causes of failed lookups that LLVM reported.
  private let reports = ErrorReports()
  /// The number that makes the next name unique.
  private let nextName = Atomic<Int>(0)

  /// The session of the process, or why there is none.
  private static let opened = Result { () throws(LLVMError) in try JITSession() }

  /// The session of the process.
  package static func shared() throws(LLVMError) -> JITSession {
    switch opened {
    case .success(let session): return session
    case .failure(let error): throw error
    }
  }

  /// Opens a session whose objects may call functions of the process's shared libraries.
  private init() throws(LLVMError) {
    try llvmVersionCheck()
    guard LLVMInitializeNativeTarget() == 0, LLVMInitializeNativeAsmPrinter() == 0 else {
      throw LLVMError("this LLVM cannot make code for this machine")
    }
    var made: OpaquePointer?
    if let error = LLVMOrcCreateLLJIT(&made, nil) { throw LLVMError(takeError(error)) }
    guard let made else { throw LLVMError("LLVM made no linker") }
    jit = made
    guard let main = LLVMOrcLLJITGetMainJITDylib(made) else {
      throw LLVMError("LLVM made no table of symbols")
    }
    library = main
    LLVMOrcExecutionSessionSetErrorReporter(
      LLVMOrcLLJITGetExecutionSession(made),
      { box, error in
        guard let error else { return }
        let text = takeError(error)
        guard let box else { return }
        Unmanaged<ErrorReports>.fromOpaque(box).takeUnretainedValue().add(text)
      }, Unmanaged.passUnretained(reports).toOpaque())
    var generator: OpaquePointer?
    if let error = LLVMOrcCreateDynamicLibrarySearchGeneratorForProcess(
      &generator, LLVMOrcLLJITGetGlobalPrefix(made), nil, nil)
    {
      throw LLVMError(takeError(error))
    }
    LLVMOrcJITDylibAddGenerator(main, generator)
    try define(HugeArguments.addresses.compactMapValues { UnsafeRawPointer(bitPattern: $0) })
  }

  /// A symbol name that no other call in this process returns: `base` and a number.
  package func uniqueName(_ base: String) -> String {
    "\(base).\(nextName.wrappingAdd(1, ordering: .relaxed).oldValue)"
  }

  /// The first of so many numbers that no other call in this process returns.
  package func reserveNumbers(_ count: Int) -> Int {
    nextName.wrappingAdd(count, ordering: .relaxed).oldValue
  }

  /// Links object files, which may call each other, and finds the addresses of `symbols` in them.
  ///
  /// Symbol names must be unique among the objects linked at any one time. The code lives as
  /// long as the result.
  package func add(objects: [[UInt8]], symbols: [String]) throws(LLVMError) -> LinkedObject {
    guard let tracker = LLVMOrcJITDylibCreateResourceTracker(library) else {
      throw LLVMError("LLVM made no resource tracker")
    }
    let owner = ResourceOwner(tracker: tracker)
    for object in objects {
      let buffer = object.withUnsafeBytes {
        LLVMCreateMemoryBufferWithMemoryRangeCopy(
          $0.baseAddress?.assumingMemoryBound(to: CChar.self), object.count, "object")
      }
      // The buffer is LLVM's from here on, also when adding fails.
      if let error = LLVMOrcLLJITAddObjectFileWithRT(jit, tracker, buffer) {
        throw LLVMError(takeError(error))
      }
    }
    var addresses: [String: UInt] = [:]
    for symbol in symbols {
      addresses[symbol] = try lookUp(symbol)
    }
    if PerfMap.isEnabled {
      for object in objects { PerfMap.append(object: object, addresses: addresses) }
    }
    return LinkedObject(owner: owner, session: self, addresses: addresses)
  }

  /// Links one object file, as `add(objects:symbols:)` does.
  package func add(object: [UInt8], symbols: [String]) throws(LLVMError) -> LinkedObject {
    try add(objects: [object], symbols: symbols)
  }

  /// Gives names to addresses of this process, for objects linked later.
  ///
  /// The names stay defined as long as the process.
  package func define(_ symbols: [String: UnsafeRawPointer]) throws(LLVMError) {
    let flags = LLVMJITSymbolFlags(
      GenericFlags: UInt8(LLVMJITSymbolGenericFlagsExported.rawValue), TargetFlags: 0)
    var pairs = symbols.sorted { $0.key < $1.key }.map { name, address in
      LLVMOrcCSymbolMapPair(
        Name: LLVMOrcLLJITMangleAndIntern(jit, name),
        Sym: LLVMJITEvaluatedSymbol(Address: UInt64(UInt(bitPattern: address)), Flags: flags))
    }
    let unit = LLVMOrcAbsoluteSymbols(&pairs, pairs.count)
    if let error = LLVMOrcJITDylibDefine(library, unit) {
      LLVMOrcDisposeMaterializationUnit(unit)
      throw LLVMError(takeError(error))
    }
  }

  /// The address of a linked symbol.
  private func lookUp(_ symbol: String) throws(LLVMError) -> UInt {
    var address: UInt64 = 0
    guard let error = LLVMOrcLLJITLookup(jit, &address, symbol) else { return UInt(address) }
    let text = takeError(error)
    throw LLVMError((reports.take() + [text]).joined(separator: "; "))
  }
}

/// Linked code; releasing the last reference removes it from memory.
///
/// Whoever runs the code must keep the object alive while it runs.
package final class LinkedObject: @unchecked Sendable {
  /// The code's memory.
  private let owner: ResourceOwner
  /// The session the code is linked in, which must outlive it.
  private let session: JITSession
  /// The addresses of the symbols that were asked for.
  private let addresses: [String: UInt]

  /// Creates the owner of linked code.
  fileprivate init(owner: ResourceOwner, session: JITSession, addresses: [String: UInt]) {
    self.owner = owner
    self.session = session
    self.addresses = addresses
  }

  /// The address of a symbol that was asked for when linking.
  package func address(of symbol: String) -> UnsafeRawPointer? {
    addresses[symbol].flatMap { UnsafeRawPointer(bitPattern: $0) }
  }
}

/// Owns the memory of one object through LLVM's resource tracker.
private final class ResourceOwner: @unchecked Sendable {
  /// LLVM's handle.
  private let tracker: OpaquePointer

  /// Takes over a tracker.
  init(tracker: OpaquePointer) { self.tracker = tracker }

  deinit {
    if let error = LLVMOrcResourceTrackerRemove(tracker) { LLVMConsumeError(error) }
    LLVMOrcReleaseResourceTracker(tracker)
  }
}

/// Errors that LLVM hands to the session's reporter rather than to the caller.
private final class ErrorReports: Sendable {
  /// The texts not yet thrown.
  private let texts = Mutex<[String]>([])

  /// Keeps a text.
  func add(_ text: String) { texts.withLock { $0.append(text) } }

  /// Removes and returns the texts.
  func take() -> [String] {
    texts.withLock { list in
      defer { list = [] }
      return list
    }
  }
}
