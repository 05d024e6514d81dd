extension Function {
  /// The parameters, by number, whose memory the caller gives up, so that results may take it over:
  /// those that JAX's exporter marks with `tf.aliasing_output` or `jax.buffer_donor = true`.
  package var donatedParameters: Set<Int> {
    let written = writtenAttributes.parameters
    return Set(
      written.indices.filter { position in
        written[position].contains(/\btf\.aliasing_output\s*=/)
          || written[position].contains(/\bjax\.buffer_donor\s*=\s*true\b/)
      })
  }
}
