internal import Foundation
internal import Optimizer
internal import TensorIR

/// A program read from StableHLO text.
public struct Program: Sendable {
  /// The functions of the text.
  let module: Module
  /// The name of the file in messages.
  let file: String
  /// How long reading took.
  let parseMilliseconds: Double

  /// Reads a program from text; `file` names it in messages.
  ///
  /// - Parameter foreign: the C functions that custom calls name, each as
  ///   `library:symbol:parameters->return`; `Docs/Foreign.md` has the words.
  /// - Throws: `AdjointError` with line and column for text that does not parse or breaks a rule.
  public init(parsing text: String, file: String, foreign: [String: String] = [:]) throws {
    let start = ContinuousClock.now
    let functions = try foreign.mapValues { try ForeignDeclaration(parsing: $0) }
    module = try ForeignDeclaration.$registered.withValue(functions) {
      try Module(parsing: text, file: file)
    }
    try module.verify()
    self.file = file
    parseMilliseconds = start.duration(to: .now).milliseconds
  }

  /// Reads a program from a file.
  ///
  /// - Throws: `AdjointError` where the file cannot be read or its text is wrong.
  public init(contentsOf path: String, foreign: [String: String] = [:]) throws {
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      throw AdjointError(.file, "the file cannot be read", at: SourceLocation(file: path, line: 0))
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw AdjointError(
        .file, "the file is not UTF-8 text", at: SourceLocation(file: path, line: 0))
    }
    try self.init(parsing: text, file: path, foreign: foreign)
  }

  /// A program of one function without calls.
  init(_ function: Function) {
    module = Module(functions: [function])
    file = function.location.file
    parseMilliseconds = 0
  }

  /// A function (nil for the one that runs when none is named) with all calls written out.
  ///
  /// - Throws: `AdjointError` where there is no such function.
  func inlined(_ name: String?) throws -> Function { try module.inlined(resolve(name)) }

  /// The names of all functions in text order, private ones too.
  public var functionNames: [String] { module.functions.map(\.name) }

  /// The types of the arguments of a function; nil for the one that runs when none is named.
  ///
  /// - Throws: `AdjointError` where there is no such function.
  public func parameterTypes(of function: String? = nil) throws -> [TensorType] {
    try resolve(function).parameterTypes
  }

  /// The types of the results of a function; nil for the one that runs when none is named.
  ///
  /// - Throws: `AdjointError` where there is no such function.
  public func resultTypes(of function: String? = nil) throws -> [TensorType] {
    try resolve(function).resultTypes
  }

  /// Compiles a function (nil for the one that runs when none is named) and its derivative.
  ///
  /// - Throws: `AdjointError` for a function that is not there, an argument number out of range,
  ///   a result that cannot be differentiated or an op that has no derivative or lowering.
  public func compile(
    function: String? = nil, transform: Transform = .none, engine: Engine = .native,
    options: CompileOptions = CompileOptions()
  ) throws -> CompiledProgram {
    try Compiler.compile(
      resolve(function), in: module, transform: transform, engine: engine, options: options,
      parseMilliseconds: parseMilliseconds)
  }

  /// The text of a stage of compilation of a function and its derivative.
  ///
  /// - Throws: `AdjointError` as `compile` does.
  public func dump(
    stage: Stage, function: String? = nil, transform: Transform = .none,
    options: CompileOptions = CompileOptions(), stablehlo: Bool = false
  ) throws -> String {
    try Compiler.dump(
      resolve(function), in: module, transform: transform, stage: stage, options: options,
      stablehlo: stablehlo)
  }

  /// A drawing, as SVG, of the bytes in use over the execution of a function and its derivative: as planned,
  /// and where nothing is computed again.
  ///
  /// - Throws: `AdjointError` as `compile` does.
  public func memoryDrawing(
    function: String? = nil, transform: Transform = .none,
    options: CompileOptions = CompileOptions()
  ) throws -> String {
    try Compiler.memoryDrawing(
      resolve(function), in: module, transform: transform, options: options)
  }

  /// The function of that name; nil for the one that runs when none is named.
  private func resolve(_ name: String?) throws -> Function {
    let place = SourceLocation(file: file, line: 0)
    guard let name else {
      if let entry = module.entry { return entry }
      throw AdjointError(.argument, "the program has no function", at: place)
    }
    if let function = module.function(named: name) { return function }
    let names = functionNames.map { "@" + $0 }.joined(separator: ", ")
    throw AdjointError(.argument, "there is no function @\(name), only \(names)", at: place)
  }
}
