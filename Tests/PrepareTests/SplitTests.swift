import Prepare
import SliceStore
import Testing

@Suite struct SplitTests {
  private func members(_ patients: Int, labelled: (Int) -> Bool = { _ in true }) -> [Split.Member] {
    (0..<patients).flatMap { p in
      (0..<(1 + p % 3)).map { v in
        Split.Member(volume: "v\(p)-\(v)", patient: "p\(p)", labelled: labelled(p) && v == 0)
      }
    }
  }

  @Test func patientsNeverCrossParts() throws {
    let all = members(40)
    let parts = try Split.assign(all, recipe: SplitRecipe())
    var seen = [String: SplitPart]()
    for (member, part) in zip(all, parts) {
      #expect(seen[member.patient, default: part] == part)
      seen[member.patient] = part
    }
    #expect(seen.values.filter { $0 == .test }.count == 8)
    #expect(seen.values.filter { $0 == .validation }.count == 4)
  }

  @Test func theSplitDependsOnTheSeedAndNotOnTheOrder() throws {
    let all = members(40)
    let parts = try Split.assign(all, recipe: SplitRecipe())
    let backwards = try Split.assign(all.reversed(), recipe: SplitRecipe())
    #expect(parts == backwards.reversed())
    var other = SplitRecipe()
    other.seed = 1
    #expect(try Split.assign(all, recipe: other) != parts)
  }

  @Test func masksAreFoundInEveryPart() throws {
    let all = members(100) { $0 < 3 }
    let parts = try Split.assign(all, recipe: SplitRecipe())
    for part in SplitPart.allCases {
      #expect(zip(all, parts).contains { $0.labelled && $1 == part })
    }
  }

  @Test func aSinglePatientTrains() throws {
    #expect(try Split.assign(members(1), recipe: SplitRecipe()) == [.train])
  }

  @Test func patternsComeBeforeShares() throws {
    var recipe = SplitRecipe()
    recipe.testPattern = "^p7$"
    recipe.validationPattern = "v3-0"
    (recipe.train, recipe.validation, recipe.test) = (1, 0, 0)
    let all = members(12)
    for (member, part) in zip(all, try Split.assign(all, recipe: recipe)) {
      let wanted: SplitPart =
        member.patient == "p7" ? .test : member.patient == "p3" ? .validation : .train
      #expect(part == wanted)
    }
    recipe.testPattern = "("
    #expect(throws: PrepareError.self) { try Split.assign(all, recipe: recipe) }
  }

  @Test func smallerSubsetsLieWithinLargerOnes() {
    let volumes = (0..<30).map { "v\($0)" }
    let largest = Split.subset(volumes, count: 30, seed: 5)
    #expect(Set(largest) == Set(volumes))
    for count in [1, 2, 4, 8] {
      #expect(
        Split.subset(volumes.reversed(), count: count, seed: 5) == Array(largest.prefix(count)))
    }
    #expect(Split.subset(volumes, count: 8, seed: 6) != Array(largest.prefix(8)))
  }

  @Test func sharesThatDoNotSumToOneAreRefused() {
    var recipe = SplitRecipe()
    recipe.test = 0.5
    #expect(throws: PrepareError.self) { try Split.assign(members(3), recipe: recipe) }
  }
}
