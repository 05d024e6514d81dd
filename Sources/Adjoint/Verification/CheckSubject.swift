internal import TensorIR

/// The function that checks are about.
package struct CheckSubject {
  /// The program.
  package var program: Program
  /// The function's name; nil for the one that runs when none is named.
  package var function: String?
  /// How it is compiled.
  package var options = CompileOptions()
  /// The seed of its inputs.
  package var seed: UInt64
  /// The arguments to check at; nil draws them.
  package var given: [TensorData]?

  /// The function or a derivative, ready to be called.
  func compile(_ transform: Transform, _ engine: Engine = .native) throws -> CompiledProgram {
    try program.compile(function: function, transform: transform, engine: engine, options: options)
  }

  /// The element types of the function's values.
  func elementTypes() throws -> Set<ElementType> {
    try Set(program.inlined(function).everyType.map(\.element))
  }

  /// The arguments given, in the types of the program, or ones drawn from the seed.
  func arguments() throws -> [TensorData] {
    let types = try program.parameterTypes(of: function)
    guard let given else {
      var drawing = InputDrawing(seed: seed)
      return try drawing.draw(types)
    }
    return try zip(given, types).map { tensor, type in
      tensor.type == type ? tensor : try TensorData(type, doubles: tensor.doubles)
    }
  }
}

extension Function {
  /// The types of all values, those in regions included.
  fileprivate var everyType: [TensorType] {
    operations.reduce(into: types) { types, operation in
      for region in operation.op.regions { types += region.everyType }
    }
  }
}
