//! The protocol's requests.

use super::call::Call;
use super::calls::Calls;
use super::record::shorten;
use super::resources;
use super::tools::{TOOLS, Tool};
use super::watch::Watch;
use crate::ops::json::{self, Envelope};
use crate::ops::{ErrorKind, OpError, Place, actor};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData, Implementation, JsonObject,
    ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, PaginatedRequestParams,
    ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities, ServerConfig,
};
use rmcp::service::{RequestContext, ServerInitializeError};
use rmcp::transport::stdio;
use rmcp::{RoleServer, ServerHandler, ServiceExt};
use serde_json::Value;

/// What an agent is told of the server as a whole.
const INSTRUCTIONS: &str = "\
dbsnap takes snapshots of database tables and restores them. Before anything that deletes, overwrites or migrates \
rows, take a snapshot with `snap` (use `estimate` first if a table may be large). Afterwards `diff` shows which rows \
changed. To take changes back: `restore_plan`, show its numbers to the user, then `restore_apply` with the same \
arguments and the plan's digest. `undo_plan` and `undo_apply` take back the last restore. An error has a kind, a \
message and hints; a hint that names a flag such as --other-database means the parameter of that name \
(otherDatabase): set it only if the user agrees. Snapshots cannot be deleted, unpinned or collected here.";

/// Characters of a text that a message repeats.
const LONGEST: usize = 1000;

/// Serves one client.
pub(super) struct Server {
    place: Place,
    calls: Calls,
}

impl Server {
    /// For the project of `place`.
    pub fn new(place: &Place, calls: Calls) -> Server {
        Server { place: place.clone(), calls }
    }

    /// Does what `ask` says, on a thread, for the agent that asks.
    async fn work<T: Send + 'static>(
        &self,
        context: &RequestContext<RoleServer>,
        tool: &'static str,
        arguments: JsonObject,
        ask: impl FnOnce(&mut Call<'_>) -> T + Send + 'static,
    ) -> Result<T, ErrorData> {
        if let Some(client) = context.client_info() {
            actor::serve(&client.name);
        }
        let place = self.place.clone();
        let work = move |watch: &Watch| ask(&mut Call::new(&place, watch, tool, arguments));
        self.calls.run(context, work).await.map_err(|why| ErrorData::internal_error(why, None))
    }
}

/// Serves on stdin and stdout until stdin ends or `stopped` does.
///
/// # Errors
/// If the client does not speak the protocol.
pub(super) async fn run(server: Server, stopped: impl Future<Output = ()>) -> Result<(), OpError> {
    let refused = |error| OpError::io("start", "the server", error);
    let serving = async {
        match server.serve(stdio()).await {
            Ok(running) => {
                let _ = running.waiting().await;
                Ok(())
            }
            Err(ServerInitializeError::ConnectionClosed(_)) => Ok(()),
            Err(ServerInitializeError::TransportError { error, .. }) => {
                Err(refused(std::io::Error::other(error.to_string())))
            }
            Err(_) => Err(OpError::Usage("the client does not speak MCP: a session begins with initialize".to_owned())),
        }
    };
    tokio::select! {
        served = serving => served,
        () = stopped => Ok(()),
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().enable_resources().build();
        ServerConfig::new(capabilities)
            .with_server_info(Implementation::new("dbsnap", env!("CARGO_PKG_VERSION")).with_title("dbsnap"))
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(TOOLS.iter().map(Tool::described).collect()))
    }

    fn get_tool(&self, name: &str) -> Option<rmcp::model::Tool> {
        TOOLS.iter().find(|tool| tool.name == name).map(Tool::described)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let Some(tool) = TOOLS.iter().find(|tool| tool.name == request.name) else {
            return Err(ErrorData::invalid_params(format!("there is no tool '{}'", shortened(&request.name)), None));
        };
        let arguments = request.arguments.unwrap_or_default();
        let answer = self.work(&context, tool.name, arguments, |call| tool.answer(call)).await?;
        let untellable = |error: std::io::Error| ErrorData::internal_error(error.to_string(), None);
        let result = match answer {
            Ok(answer) => {
                let text = json::to_string(&answer).map_err(untellable)?;
                let mut result = CallToolResult::success(vec![ContentBlock::text(text)]);
                result.structured_content = Some(Value::Object(answer));
                result
            }
            // as text alone: some clients hold whatever is structured against the schema of success
            Err(error) => {
                let text = json::to_string(&body(&error)?).map_err(untellable)?;
                CallToolResult::error(vec![ContentBlock::text(text)])
            }
        };
        Ok(result.into())
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let listed = self.work(&context, resources::LIST, JsonObject::new(), resources::list).await?;
        Ok(ListResourcesResult::with_all_items(listed.map_err(|error| as_protocol_error(&error))?))
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(ListResourceTemplatesResult::with_all_items(resources::templates()))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let Some(named) = resources::Named::parse(&request.uri) else {
            let what = format!("there is no resource {}", shortened(&request.uri));
            return Err(ErrorData::resource_not_found(what, None));
        };
        let (tool, arguments) = named.asks();
        let answer = self.work(&context, tool.name, arguments, |call| tool.answer(call)).await?;
        let answer = answer.map_err(|error| as_protocol_error(&error))?;
        Ok(resources::contents(&request.uri, &answer)?.into())
    }
}

/// A text that a client sent, as far as it is repeated.
fn shortened(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

/// An error as the command line tells it with --json.
fn body(error: &OpError) -> Result<Value, ErrorData> {
    let body = serde_json::to_value(Envelope::error(error, None));
    let mut body = body.map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
    shorten(&mut body);
    Ok(body)
}

fn as_protocol_error(error: &OpError) -> ErrorData {
    let message: String = error.in_words().chars().take(LONGEST).collect();
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NoStore => ErrorData::resource_not_found(message, None),
        _ => ErrorData::internal_error(message, body(error).ok()),
    }
}
