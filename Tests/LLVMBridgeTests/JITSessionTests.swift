import LLVMBridge
import Testing

/// A function of the test process, named in generated code.
private func triple(_ x: Double) -> Double { 3 * x }

@Suite struct JITSessionTests {
  /// Compiles a function of one number that calls `callee` on it.
  private func makeCaller(_ callee: String) throws -> Compiled {
    let name = try JITSession.shared().uniqueName("caller")
    let module = LLVMModule(name: name)
    let function = module.addFunction(name, parameters: [module.double], returns: module.double)
    let b = IRBuilder(module)
    b.position(at: function.appendBlock())
    let external = module.declareFunction(
      callee, parameters: [module.double], returns: module.double)
    b.ret(b.call(external, function.parameters))
    return try Compiled(module, name)
  }

  @Test func librariesOfTheProcessAreFound() throws {
    let code = try makeCaller("cos")
    #expect(code.use((@convention(c) (Double) -> Double).self) { $0(0) } == 1)
  }

  @Test func definedAddressesAreFound() throws {
    let name = try JITSession.shared().uniqueName("defined")
    let callback: @convention(c) (Double) -> Double = { triple($0) }
    try JITSession.shared().define([name: unsafeBitCast(callback, to: UnsafeRawPointer.self)])
    let code = try makeCaller(name)
    #expect(code.use((@convention(c) (Double) -> Double).self) { $0(7) } == 21)
    #expect(throws: LLVMError.self) {
      try JITSession.shared().define([name: unsafeBitCast(callback, to: UnsafeRawPointer.self)])
    }
  }

  @Test func missingSymbolsAreNamedInTheError() throws {
    let error = #expect(throws: LLVMError.self) { try makeCaller("adjoint_no_such_function") }
    #expect(error?.message.contains("adjoint_no_such_function") == true)
  }

  @Test func brokenObjectsAreAnError() throws {
    let session = try JITSession.shared()
    #expect(throws: LLVMError.self) { try session.add(object: [1, 2, 3], symbols: ["f"]) }
    #expect(throws: LLVMError.self) { try session.add(object: [], symbols: ["f"]) }
  }

  @Test func truncatedObjectsAreAnError() throws {
    let session = try JITSession.shared()
    let name = session.uniqueName("truncated")
    let bytes = try ObjectCompiler().compile(makeAddModule(name, width: 4, factor: 1))
    for length in [20, 64, 200, bytes.count / 2] {
      #expect(throws: LLVMError.self) {
        try session.add(object: Array(bytes.prefix(length)), symbols: [name])
      }
    }
  }

  @Test func twiceTheSameSymbolIsAnError() throws {
    let session = try JITSession.shared()
    let name = session.uniqueName("twice")
    let bytes = try ObjectCompiler().compile(makeAddModule(name, width: 4, factor: 1))
    let first = try session.add(object: bytes, symbols: [name])
    #expect(first.address(of: name) != nil)
    #expect(first.address(of: "other") == nil)
    #expect(throws: LLVMError.self) { try session.add(object: bytes, symbols: [name]) }
  }

  @Test func uniqueNamesDiffer() throws {
    let session = try JITSession.shared()
    let names = (0..<100).map { _ in session.uniqueName("x") }
    #expect(Set(names).count == 100)
  }

  @Test func versionIsSupported() throws {
    try llvmVersionCheck()
    #expect(llvmVersion.split(separator: ".").count == 3)
    #expect(LLVMLibrary.isLoaded && LLVMLibrary.identity.hasPrefix(llvmVersion))
    try LLVMLibrary.load()
  }
}
