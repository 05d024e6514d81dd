import Foundation

/// The examples by name, in the order in which they are best read.
let examples: [(name: String, run: () throws -> Void)] = [
  ("regression", regression), ("perceptron", perceptron), ("transformer", transformer),
  ("mixture", mixture), ("pendulum", pendulum), ("greeks", greeks),
  ("least-squares", leastSquaresFit), ("define-by-run", defineByRun),
]

let names = CommandLine.arguments.dropFirst()
let chosen = examples.filter { names.isEmpty || names.contains($0.name) }
guard !chosen.isEmpty else {
  print("usage: Examples [NAME …], where names are", examples.map(\.name).joined(separator: ", "))
  exit(2)
}
for example in chosen {
  print("# \(example.name)")
  try example.run()
  print()
}
