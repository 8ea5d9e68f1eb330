extension IngestSession {
  /// Notes the members of archives in the ledger; those that have changed since are unpacked.
  func look(into found: [FoundFile], _ notes: inout Sightings) throws {
    let worker = Worker(launch, limits: recipe.limits)
    defer { worker.stop() }
    for archive in found.sorted(by: { $0.path < $1.path }) {
      let folder = archives.folder(of: archive)
      if try ledger.knows(archive, in: folder) {
        try ledger.sight(membersIn: folder, run: run)
        try ledger.leftOut(of: folder).forEach(refuseOwn)
        continue
      }
      let left: [Refusal]
      do {
        left = try archives.unpack(archive, worker)
      } catch let refusal as Refusal {
        try refuseOwn(refusal)
        continue
      }
      try ledger.withdraw(.file, [archive.path])
      try ledger.keep(archive, in: folder)
      do {
        try left.forEach(refuseOwn)
        try Walk.through([folder]) { try notes.take(member($0, of: archive)) }
        try notes.finish()
      } catch {
        try? ledger.forget(archiveIn: folder)  // not all of its members are known
        throw error
      }
    }
  }

  /// A member as a file like any other, but for its number on a disk that it will leave again.
  private func member(_ sighting: Sighting, of archive: FoundFile) -> Sighting {
    func placed(_ file: FoundFile) -> FoundFile {
      FoundFile(
        path: file.path, relative: archive.relative + "/" + file.relative, size: file.size,
        modified: file.modified)
    }
    switch sighting {
    case .file(let file, .archive):
      return .refused(Refusal(.archiveNested, .file, name: file.path))
    case .file(let file, let sniff): return .file(placed(file), sniff)
    case .dataset(let folder, let file): return .dataset(folder: folder, file: placed(file))
    case .refused: return sighting
    }
  }
}
