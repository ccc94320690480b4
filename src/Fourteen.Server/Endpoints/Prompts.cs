using Fourteen.Engine.Requests;
using Fourteen.Protocol.Chat;
using Fourteen.Protocol.Dialects;
using Fourteen.Server.Hosting;
using Microsoft.AspNetCore.Http;

namespace Fourteen.Server.Endpoints;

/// <summary>What endpoints that make prompts of bodies share.</summary>
internal static class Prompts
{
    internal static PromptRenderer RendererOf(ModelLease lease, ServerState state) => new(lease.Model, state.Clock);

    /// <summary>
    /// The request without lines that change each time, where the server keeps those out of prompts. Any dialect may
    /// carry them: agents reach a server by whichever it offers.
    /// </summary>
    internal static (ChatRequest Chat, Notice? Notice) Normalize(RequestDraft draft, ServerState state) =>
        state.Options.MoveVolatileLines ? VolatilePrefix.Move(draft.Chat) : (draft.Chat, null);

    /// <summary>Says in a header which fields nobody has looked at.</summary>
    internal static void NameIgnored(HttpContext context, RequestDraft draft)
    {
        if (draft.Ignored.Count > 0)
            context.Response.Headers["X-Fourteen-Ignored"] = string.Join(", ", draft.Ignored);
    }
}
