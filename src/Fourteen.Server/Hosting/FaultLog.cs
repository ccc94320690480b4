using Fourteen.Engine;
using Fourteen.Engine.ChatTemplates;
using Fourteen.Engine.Sampling;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Fourteen.Server.Hosting;

/// <summary>From exceptions to what a client is told.</summary>
public sealed partial class FaultLog(ILogger<FaultLog> logger)
{
    /// <summary>What a client is told of an exception; those that are a fault of ours are logged under an id.</summary>
    public Failure ToFailure(Exception problem)
    {
        switch (problem)
        {
            case RequestException refused:
                return Failure.Of(refused);
            case TemplateException refused:
                return new Failure(FailureKind.InvalidRequest, refused.Message, "messages", null);
            case SamplingException refused:
                return new Failure(FailureKind.InvalidRequest, refused.Message, null, null);
            case ModelFileException unusable:
                return new Failure(FailureKind.ModelUnusable, unusable.Message, "model", null);
            case BadHttpRequestException bad:
                return new Failure(KindOf(bad.StatusCode), bad.Message, null, null);
            case OperationCanceledException or ObjectDisposedException:
                return new Failure(
                    FailureKind.Unavailable, "the model was unloaded or the server is ending; try again", null, null);
            default:
                string id = Guid.NewGuid().ToString("N")[..12];
                Fault(logger, id, problem);
                return new Failure(
                    FailureKind.Internal, $"this is a fault of the server's; its log has more under {id}", null, null);
        }
    }

    private static FailureKind KindOf(int status) => status switch
    {
        StatusCodes.Status413PayloadTooLarge => FailureKind.TooLarge,
        StatusCodes.Status408RequestTimeout => FailureKind.Timeout,
        _ => FailureKind.InvalidRequest,
    };

    [LoggerMessage(EventId = 1, Level = LogLevel.Error, Message = "fault {Id}")]
    private static partial void Fault(ILogger logger, string id, Exception problem);
}
