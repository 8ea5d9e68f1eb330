import Foundation
import Models
import Testing

@Suite struct ModelsErrorTests {
  @Test func anArchitectureComesBackFromItsRecipe() throws {
    var architecture = EncoderArchitecture()
    (architecture.kind, architecture.lastNorm) = (.resnet50, WhiteningRecipe())
    let data = try JSONEncoder().encode(architecture)
    #expect(try JSONDecoder().decode(EncoderArchitecture.self, from: data) == architecture)
  }

  @Test func anArchitectureThatNoNetworkCanHaveIsRefusedByItsSetting() throws {
    try EncoderArchitecture().check()
    func refused(_ change: (inout EncoderArchitecture) -> Void) -> String? {
      var architecture = EncoderArchitecture()
      change(&architecture)
      do {
        try architecture.check()
        return nil
      } catch .impossible(let setting, _) {
        return setting
      } catch {
        return "another error"
      }
    }
    #expect(refused { $0.inputChannels = 0 } == "inputChannels")
    #expect(refused { $0.features = [] } == "features")
    #expect(refused { $0.features = [8, -1] } == "features")
    #expect(refused { $0.strides = [1, 2] } == "strides")
    #expect(refused { $0.strides = [1, 2, 2, 2, 0] } == "strides")
    #expect(refused { $0.convolutions = 0 } == "convolutions")
    #expect(refused { $0.width = 0 } == "width")
    #expect(refused { $0.batchNormGroups = 0 } == "batchNormGroups")
    #expect(refused { $0.lastNorm = recipe { $0.iterations = 8 } } == "lastNorm.iterations")
    #expect(refused { $0.lastNorm = recipe { $0.epsilon = 0 } } == "lastNorm.epsilon")
    #expect(refused { $0.lastNorm = recipe { $0.shrinkage = .nan } } == "lastNorm.shrinkage")
    #expect(refused { $0.lastNorm = recipe { $0.momentum = 2 } } == "lastNorm.momentum")
    #expect(refused { $0.lastNorm = recipe { $0.width = 0 } } == "lastNorm.width")
  }

  private func recipe(_ change: (inout WhiteningRecipe) -> Void) -> WhiteningRecipe {
    var recipe = WhiteningRecipe()
    change(&recipe)
    return recipe
  }
}
