import TensorIR

extension Function {
  /// The function without places, to compare functions that were written in different texts.
  package var withoutLocations: Function {
    var copy = self
    copy.location = .unknown
    for index in copy.operations.indices { copy.operations[index].location = .unknown }
    return copy
  }
}

extension Module {
  /// The module without places, to compare modules that were written in different texts.
  package var withoutLocations: Module {
    var copy = self
    copy.functions = functions.map(\.withoutLocations)
    return copy
  }
}
