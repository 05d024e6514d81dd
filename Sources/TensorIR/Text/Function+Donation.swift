extension Function.WrittenAttributes {
  /// The parameters, by number, that JAX's exporter marks with `tf.aliasing_output` or
  /// `jax.buffer_donor = true`.
  var donatedParameters: Set<Int> {
    Set(
      parameters.indices.filter { position in
        parameters[position].contains(/\btf\.aliasing_output\s*=/)
          || parameters[position].contains(/\bjax\.buffer_donor\s*=\s*true\b/)
      })
  }
}
