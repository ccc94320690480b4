using Fourteen.Engine.Gguf;
namespace Fourteen.Engine.SafeTensors;
public sealed class HuggingFaceFolder : IDisposable { public static HuggingFaceFolder Open(string f) => throw new ModelFileException(f,"","x"); public GgufMetadata Metadata => null!; public TensorDirectory Tensors => null!; public void Dispose(){} }
