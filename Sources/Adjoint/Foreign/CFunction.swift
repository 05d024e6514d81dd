internal import Runtime
internal import Synchronization
public import TensorIR

/// A compiled function as a C function pointer, for solvers and other code that takes one.
///
/// NLopt's `double (*)(unsigned n, const double *x, double *gradient, void *data)`, say, of a function
/// whose value and gradient a program gives:
///
///     let objective = try CFunction(
///       program, [.ignored(.i32), .argument(0), .result(1), .ignored], returning: .result(0))
///     nlopt_set_min_objective(solver, unsafeBitCast(objective.address, to: nlopt_func.self), nil)
///
/// The pointer is valid as long as the object lives, and may be called from several threads at once.
public final class CFunction: Sendable {
  /// A parameter of the C function.
  public enum Parameter: Hashable, Sendable {
    /// A pointer to the elements of an argument, which are not changed.
    case argument(Int)
    /// A pointer to where a result goes; a null pointer where it is not wanted.
    case result(Int)
    /// A scalar argument of 32 or 64 bits, by value.
    case value(Int)
    /// A number of this type that is not looked at.
    case ignored(ElementType)
    /// A pointer that is not looked at.
    case ignoredPointer
  }

  /// What the C function returns.
  public enum Returned: Hashable, Sendable {
    /// Nothing.
    case nothing
    /// The one element of a result; NaN where the call failed.
    case result(Int)
    /// An `int`: zero where all went well.
    case status
  }

  private let program: CompiledProgram
  private let parameters: [Parameter]
  private let returned: Returned
  private let error = Mutex<(any Error)?>(nil)
  private let entry = Mutex<CEntry?>(nil)
  /// The address of the function.
  public var address: UnsafeRawPointer {
    entry.withLock { entry in
      guard let entry else { preconditionFailure("a C function has an entry") }
      return entry.address
    }
  }

  /// Makes a C function of a program.
  ///
  /// - Throws: `AdjointError` where parameters do not fit the program, or each argument is not given
  ///   exactly once.
  public init(
    _ program: CompiledProgram, _ parameters: [Parameter], returning returned: Returned = .nothing
  ) throws {
    self.program = program
    self.parameters = parameters
    self.returned = returned
    try check()
    let kinds = parameters.map { parameter -> CEntry.Parameter in
      switch parameter {
      case .argument, .result, .ignoredPointer: .pointer
      case .value(let number): .number(program.parameterTypes[number].element)
      case .ignored(let element): .number(element)
      }
    }
    let element: ElementType? =
      switch returned {
      case .nothing: nil
      case .status: .i32
      case .result(let number): program.resultTypes[number].element
      }
    let made = try CEntry(kinds, returning: element) { [weak self] arguments, result in
      self?.call(arguments, result)
    }
    entry.withLock { $0 = made }
  }

  /// Makes a C function of a closure on tensors, compiled for arguments of these shapes.
  ///
  /// - Throws: `AdjointError` where the closure fails, and as the other initializer does.
  public convenience init<Scalar: TensorFloatingPoint>(
    shapes: [[Int]], _ parameters: [Parameter], returning returned: Returned = .nothing,
    file: String = #fileID, line: Int = #line,
    _ body: ([Tensor<Scalar>]) throws -> [Tensor<Scalar>]
  ) throws {
    let types = shapes.map { TensorType($0, Scalar.elementType) }
    let location = SourceLocation.here(file, line)
    let recording = try RegionRecording(types, at: location) { nodes in
      try body(nodes.map { Tensor($0) }).map(\.node)
    }
    let function = try recording.closedRegion(at: location)
    try self.init(try Compiler.compile(function, engine: .native), parameters, returning: returned)
  }

  /// Takes the error of the last call that failed; nil where none did since this was asked.
  public func takeError() -> (any Error)? {
    error.withLock { error in
      defer { error = nil }
      return error
    }
  }

  private func check() throws {
    func fail(_ message: String) -> AdjointError { AdjointError(.argument, message) }
    let given = parameters.compactMap { parameter -> Int? in
      switch parameter {
      case .argument(let number), .value(let number): number
      case .result, .ignored, .ignoredPointer: nil
      }
    }
    guard given.sorted() == Array(program.parameterTypes.indices) else {
      throw fail("a C function takes each of the program's arguments once")
    }
    for parameter in parameters {
      switch parameter {
      case .value(let number):
        let type = program.parameterTypes[number]
        guard type.count == 1, type.element.byteCount >= 4 else {
          throw fail("argument \(number) is \(type), which is not handed over by value")
        }
      case .result(let number):
        guard program.resultTypes.indices.contains(number) else {
          throw fail("the program has no result \(number)")
        }
      case .argument, .ignored, .ignoredPointer: break
      }
    }
    guard case .result(let number) = returned else { return }
    guard program.resultTypes.indices.contains(number) else {
      throw fail("the program has no result \(number)")
    }
    let type = program.resultTypes[number]
    guard type.count == 1, type.element.byteCount >= 4 else {
      throw fail("result \(number) is \(type), which is not returned by value")
    }
  }

  // MARK: Calls

  private func call(
    _ arguments: UnsafePointer<UnsafeMutableRawPointer?>, _ returnedPlace: UnsafeMutableRawPointer
  ) {
    do {
      try run(arguments, returnedPlace)
      if returned == .status { returnedPlace.storeBytes(of: 0, as: Int.self) }
    } catch {
      self.error.withLock { $0 = error }
      switch returned {
      case .nothing: break
      case .status: returnedPlace.storeBytes(of: 1, as: Int.self)
      case .result(let number):
        if program.resultTypes[number].element == .f32 {
          returnedPlace.storeBytes(of: .nan, as: Float.self)
        } else {
          returnedPlace.storeBytes(of: .nan, as: Double.self)
        }
      }
    }
  }

  /// Runs the program on aligned copies where the caller's memory is not aligned.
  private func run(
    _ arguments: UnsafePointer<UnsafeMutableRawPointer?>, _ returnedPlace: UnsafeMutableRawPointer
  ) throws {
    let types = program.parameterTypes + program.resultTypes
    let sizes = types.map { ($0.byteCount + 63) / 64 * 64 }
    let block = UnsafeMutableRawPointer.allocate(
      byteCount: max(sizes.reduce(0, +), 64), alignment: 64)
    defer { block.deallocate() }
    var places: [UnsafeMutableRawPointer] = []
    var offset = 0
    for size in sizes {
      places.append(block + offset)
      offset += size
    }
    let count = program.parameterTypes.count
    for (position, parameter) in parameters.enumerated() {
      guard let argument = arguments[position] else { continue }
      switch parameter {
      case .argument(let number):
        guard let source = argument.load(as: UnsafeRawPointer?.self) else {
          guard types[number].byteCount > 0 else { continue }
          throw AdjointError(.argument, "argument \(number) of a C function is a null pointer")
        }
        places[number].copyMemory(from: source, byteCount: types[number].byteCount)
      case .value(let number):
        places[number].copyMemory(from: argument, byteCount: types[number].byteCount)
      case .result, .ignored, .ignoredPointer: break
      }
    }
    try program.call(
      arguments: places.prefix(count).map { UnsafeRawPointer($0) },
      results: Array(places.dropFirst(count)))
    for (position, parameter) in parameters.enumerated() {
      guard case .result(let number) = parameter,
        let target = arguments[position]?.load(as: UnsafeMutableRawPointer?.self)
      else { continue }
      target.copyMemory(
        from: places[count + number], byteCount: types[count + number].byteCount)
    }
    if case .result(let number) = returned {
      returnedPlace.copyMemory(
        from: places[count + number], byteCount: types[count + number].byteCount)
    }
  }
}
