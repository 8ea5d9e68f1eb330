/// One part of a tree that several machines ingest, each into a store of its own.
///
/// Who a file belongs to decides which part takes it: the keyed hash of its patient, so that a
/// patient's series, structures and masks stay together and no part is told by guessing. Of a series
/// with several patients in its files, which is a mistake in them, the first by name decides, since
/// no series may be torn. What has no patient (text, broken files) goes by its path.
struct Shard: Equatable {
  let index, count: Int

  /// Reads `i/n`. `i` counts from 0 to n − 1, or from 1 to n, where part n is part 0: parts are the
  /// same set either way.
  init(_ text: String) throws(CohortError) {
    let numbers = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.count == 2, let index = numbers[0], let count = numbers[1],
      (1...100_000).contains(count), (0...count).contains(index)
    else { throw .shard(text, reason: "give a part and how many there are, as 1/3") }
    (self.index, self.count) = (index % count, count)
  }

  var text: String { "\(index)/\(count)" }

  func owns(_ owner: String, _ pseudonyms: Pseudonyms) -> Bool {
    let number = UInt64(pseudonyms.digest("shard " + owner).prefix(15), radix: 16) ?? 0
    return number % UInt64(count) == UInt64(index)
  }
}

extension IngestSession {
  /// Whether this part of the tree takes what belongs to `owner`.
  func owns(_ owner: String) -> Bool { shard?.owns(owner, pseudonyms) ?? true }

  /// Leaves to the other parts what is theirs.
  ///
  /// Every machine reads the header of every DICOM file for that, a few kilobytes of each, and the
  /// pixels of its own files only. Splitting by folder would spare the headers, but a series may
  /// lie in several folders, and the same one twice.
  func divide(_ found: Found) throws {
    guard shard != nil else { return }
    try scanner.identify { [planner] header in planner.patient(of: header) }
    let cases = found.patients(planner)
    try ledger.divide(run: run, owns: owns, named: archives.shown) { file in
      cases[file.path] ?? planner.patient(of: file)
    }
  }
}

extension Found {
  /// The patients of the files that data sets describe: a case stays together.
  fileprivate func patients(_ planner: Planner) -> [String: String] {
    var patients: [String: String] = [:]
    for one in datasets.flatMap(\.cases) {
      guard let first = one.images.first else { continue }
      let patient = planner.patient(
        of: FoundFile(path: first, relative: first, size: 0, modified: 0),
        isChannel: one.images.count > 1)
      for path in one.images + (one.label.map { [$0] } ?? []) { patients[path] = patient }
    }
    return patients
  }
}
