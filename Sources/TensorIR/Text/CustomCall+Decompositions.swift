// Custom calls by which JAX names decompositions on no processor in particular.

extension OperationDraft {
  /// Adds the decomposition that a custom call of a name means; nil of another name.
  ///
  ///     Qr(a) → (factors, scales)    ProductOfElementaryHouseholderReflectors(factors, scales) → q
  ///     Eigh(a) → (vectors, values)  LuDecomposition(a) → (factors, pivots from zero on, permutation)
  mutating func emitDecomposition(
    of target: String, in builder: inout FunctionBuilder
  ) throws -> [ValueID]? {
    switch target {
    case "Qr": return try builder.emitAll(.matrix(.householder), operands)
    case "ProductOfElementaryHouseholderReflectors":
      return try builder.emitAll(.matrix(.reflectors), operands)
    case "Eigh":
      let found = try builder.emitAll(
        .matrix(.eigh(isLower: readsLowerTriangle(), hasVectors: true)), operands)
      return Array(found.prefix(2))
    case "LuDecomposition":
      let found = try builder.emitAll(.matrix(.lu), operands)
      let one = try builder.splat(1, builder[found[1]])
      return [found[0], try builder.subtract(found[1], one), found[2]]
    default: return nil
    }
  }

  /// The first of the numbers of an `Eigh`: which triangle, whether values rise, how many sweeps and how
  /// exact at least.
  private mutating func readsLowerTriangle() throws -> Bool {
    guard let config = attributes.take("backend_config") else { return true }
    guard case .string(let text) = config.value, let first = text.split(separator: ",").first,
      first == "0" || first == "1"
    else {
      throw AdjointError(
        .syntax, "backend_config of @Eigh starts with 0 or 1, for the triangle",
        at: config.location)
    }
    return first == "1"
  }
}
